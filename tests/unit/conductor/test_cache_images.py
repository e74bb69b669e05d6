# SPDX-License-Identifier: Apache-2.0
"""Which hosts are told to fetch images, and how many at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_lite import exception
from nova_lite.conductor.tasks.cache_images import CacheImages
from nova_lite.context import get_admin_context
from nova_lite.db import session
from nova_lite.db.repositories import aggregate
from tests.fixtures import hosts

WAIT_S = 10


class Computes:
    """Hosts that go on fetching until ``width`` of them do so at once."""

    def __init__(self, width: int, failing: str = "") -> None:
        self._failing = failing
        self._together = threading.Barrier(width, timeout=WAIT_S)
        self._changed = threading.Condition()
        self._active = 0
        self.most = 0
        self.asked: list[str] = []

    def cache_images(
        self, _context: Any, host: str, images: list[str]
    ) -> dict[str, str]:
        with self._changed:
            self._active += 1
            self.most = max(self.most, self._active)
        self._together.wait()
        with self._changed:
            self._active -= 1
            self.asked.append(host)
            self._changed.notify_all()
        if host == self._failing:
            raise exception.MessagingUnavailable(reason="no answer")
        return dict.fromkeys(images, "cached")

    def wait_for(self, count: int) -> list[str]:
        """The hosts that were asked, when they are so many."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self.asked) >= count, WAIT_S
            )
            return sorted(self.asked)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[None]:
    hosts.use_database(f"sqlite:///{tmp_path}/db.sqlite")
    hosts.create_tables()
    yield
    hosts.leave_database()


def of_hosts(*numbers: int) -> int:
    """An aggregate of numbered hosts; its id."""
    hosts.seed(range(8))
    with session.writer() as db:
        ident: int = aggregate.create(db, "warm", None)["id"]
        for number in numbers:
            aggregate.add_host(db, ident, f"host-{number}")
    return ident


@pytest.mark.parametrize("width", [1, 2, 3])
def test_so_many_hosts_at_a_time(database: None, width: int) -> None:
    ident = of_hosts(*range(6))
    computes = Computes(width, failing="host-0")
    task = CacheImages(computes, width, 60)  # type: ignore[arg-type]
    task.execute(get_admin_context(), ident, ["image"])
    assert computes.wait_for(6) == [f"host-{n}" for n in range(6)]
    assert computes.most == width


def test_only_hosts_that_work_are_asked(database: None) -> None:
    ident = of_hosts(0, 1, 2, 3)
    hosts.set_service(1, disabled=True)
    hosts.set_service(2, forced_down=True)
    hosts.set_service(3, last_seen_at=hosts.long_ago())
    assert aggregate.working_hosts(ident, 60) == ["host-0"]
