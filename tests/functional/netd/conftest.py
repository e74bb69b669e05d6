# SPDX-License-Identifier: Apache-2.0
"""Hosts and guests made of namespaces, for one test each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.netlab_routing import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A place where hosts and guests are made, empty."""
    with Lab() as made:
        yield made
