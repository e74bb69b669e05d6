# SPDX-License-Identifier: Apache-2.0
"""Server groups on real databases, with several schedulers at once.

Each process decides from its own memory; beside each runs what conductor
does when a build failed: it takes an alternate itself.
"""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Iterator
from concurrent import futures
from multiprocessing.synchronize import Barrier

import pytest

from nova_lite.context import get_admin_context
from nova_lite.db.repositories import occupancy, provider
from nova_lite.scheduler.manager import SchedulerManager
from tests.fixtures import groups, hosts

pytestmark = pytest.mark.functional

PROCESSES = 2  # schedulers, and as many conductors
HOSTS = 8


@pytest.fixture
def database(database_url: str) -> Iterator[str]:
    """A database of each kind with hosts, in use in this process."""
    hosts.use_database(database_url)
    hosts.create_tables()
    hosts.seed(range(HOSTS))
    yield database_url
    hosts.leave_database()


_start: Barrier


def _prepare(url: str, start: Barrier) -> None:
    """Begin one process."""
    global _start
    _start = start
    hosts.use_database(url)


def _ask(group: str, requests: int, servers: int) -> list[str]:
    """In one process: schedule members; the servers that got a host."""
    scheduler = SchedulerManager("scheduler")
    scheduler.init_host()
    specs = [groups.request_spec(group, servers) for _ in range(requests)]
    _start.wait(60)
    return [
        one.instance_uuid
        for spec in specs
        for one in scheduler.select_destinations(get_admin_context(), spec)
        if one.selection
    ]


def _take(group: str, tries: int) -> list[str]:
    """In one process: claim alternates; the servers that got one."""
    servers = groups.request_spec(group, tries).instance_uuids
    _start.wait(60)
    return [
        server
        for server in servers
        if provider.try_claim(
            hosts.uuid_of(random.randrange(HOSTS)),
            server,
            {"VCPU": 1},
            group,
        )
    ]


def race(url: str, group: str) -> tuple[list[str], Counter[int]]:
    """Schedulers and conductors together; who was placed, and where."""
    spawn = multiprocessing.get_context("spawn")
    with futures.ProcessPoolExecutor(
        2 * PROCESSES,
        mp_context=spawn,
        initializer=_prepare,
        initargs=(url, spawn.Barrier(2 * PROCESSES)),
    ) as pool:
        # Each waits for the others, so each runs in a process of its own.
        asked = [pool.submit(_ask, group, 2, 2) for _ in range(PROCESSES)]
        asked += [pool.submit(_take, group, 4) for _ in range(PROCESSES)]
        placed = [one for found in asked for one in found.result(120)]
    held = provider.allocations(placed)
    assert sorted(held) == sorted(placed)
    return placed, Counter(one for where in held.values() for one in where)


def test_no_two_of_anti_affinity_meet(database: str) -> None:
    group = groups.make("anti-affinity")
    _, places = race(database, group)
    assert set(places.values()) == {1}
    seen = occupancy.group(group)
    assert seen is not None
    assert seen.members == places
    # Schedulers give up only when no host is left.
    assert len(places) == HOSTS


def test_no_two_of_affinity_part(database: str) -> None:
    group = groups.make("affinity")
    placed, places = race(database, group)
    assert len(places) == 1
    assert len(placed) >= 2 * PROCESSES * 2
