# SPDX-License-Identifier: Apache-2.0
"""The service over a fresh SQLite file for each module, and two projects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures import network_service
from tests.fixtures.network_service import Client, NetworkService


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[NetworkService]:
    directory = tmp_path_factory.mktemp("network")
    url = f"sqlite:///{directory}/network.sqlite"
    with network_service.running(url, str(directory)) as running:
        yield running


@pytest.fixture
def alice(service: NetworkService) -> Client:
    return service.project()


@pytest.fixture
def bob(service: NetworkService) -> Client:
    return service.project()
