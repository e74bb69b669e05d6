# SPDX-License-Identifier: Apache-2.0
"""A database with hosts in it, and a scheduler on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite.context import get_admin_context
from nova_lite.objects.request_spec import Destination
from nova_lite.scheduler.manager import SchedulerManager
from tests.fixtures import hosts

CONF = cfg.CONF


@pytest.fixture
def options(tmp_path: Path) -> Iterator[cfg.ConfigOpts]:
    """The default configuration on an empty SQLite database."""
    hosts.use_database(f"sqlite:///{tmp_path}/db.sqlite")
    hosts.create_tables()
    yield CONF
    hosts.leave_database()


@pytest.fixture
def select(
    options: cfg.ConfigOpts,
) -> Callable[..., list[Destination]]:
    """Ask a scheduler, made at the first question, for hosts."""
    made: list[SchedulerManager] = []

    def ask(count: int = 1, **values: Any) -> list[Destination]:
        if not made:
            made.append(SchedulerManager("scheduler"))
        return made[0].select_destinations(
            get_admin_context(), hosts.request_spec(count, **values)
        )

    return ask
