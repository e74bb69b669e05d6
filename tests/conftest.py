# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every test may ask for."""

from __future__ import annotations

import re
from collections import Counter
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


# Those that share what the first one starts; and those that let guests boot
# on networks, each of which has enough of the machine for itself alone.
_SHARING = re.compile(
    r".*/integration/(?:(clients|keystone)/|test_(?:networks|stack)\.py)"
)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Mark each test by its directory; of a run's processes, order them.

    What takes long comes first: at the end no process waits for another.
    """
    for item in items:
        kind = item.path.relative_to(_HERE).parts[0]
        if kind in ("functional", "integration"):
            item.add_marker(kind)
    if hasattr(config, "workerinput"):
        sizes = Counter(_together(item.nodeid) for item in items)
        items.sort(
            key=lambda item: (
                item.get_closest_marker("integration") is None,
                item.get_closest_marker("functional") is None,
                -sizes[_together(item.nodeid)],
            )
        )


def _together(nodeid: str) -> str:
    """What a test stays with: its module, or what shares a cloud."""
    path = nodeid.split("::")[0]
    cloud = _CLOUD.search(nodeid)
    if cloud is not None and "/lifecycle/" in path:
        return f"cloud {cloud[1]}"
    sharing = _SHARING.match(f"/{path}")
    return sharing[1] or "guests on networks" if sharing else path


class Spread(LoadScopeScheduling):
    """Tests over the processes of a run, in the order of ``items`` above.

    So no two processes start the same cloud. xdist's own grouping by a mark
    does not work with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _together(nodeid)


@pytest.hookimpl(optionalhook=True)  # there are runs without xdist
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Any
) -> LoadScopeScheduling:
    """Use it, whatever --dist says."""
    config.option.loadscopereorder = False
    return Spread(config, log)
