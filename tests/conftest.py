# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every test may ask for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from nova_lite import concurrency

# Before a test imports anything of nova_lite: the tests run on native
# threads, but for a run that somebody began on green ones; daemons on green
# threads are processes of their own.
if concurrency.mode() != concurrency.EVENTLET:
    concurrency.setup(concurrency.THREADING)

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.rabbitmq",
    "tests.fixtures.database",
    "tests.fixtures.compute_api",
    "tests.fixtures.libvirtd",
]

_HERE = Path(__file__).parent


_CLOUD = re.compile(
    r"\[((?:sqlite|mariadb|postgresql)-(?:eventlet|threading))"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the directory that it stands in."""
    for item in items:
        kind = item.path.relative_to(_HERE).parts[0]
        if kind in ("functional", "integration"):
            item.add_marker(kind)


class Spread(LoadScopeScheduling):
    """Tests over the processes of a run: modules, or what shares a cloud.

    So no two processes start the same cloud. xdist's own grouping by a mark
    does not work with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        cloud = _CLOUD.search(nodeid)
        if cloud is not None and "/lifecycle/" in path:
            return f"cloud {cloud[1]}"
        return path


@pytest.hookimpl(optionalhook=True)  # there are runs without xdist
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Any
) -> LoadScopeScheduling:
    """Use it, whatever --dist says."""
    return Spread(config, log)
