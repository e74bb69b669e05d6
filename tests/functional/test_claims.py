# SPDX-License-Identifier: Apache-2.0
"""Claims on real databases, by several scheduler processes at once."""

from __future__ import annotations

import multiprocessing
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent import futures
from multiprocessing.synchronize import Barrier

import pytest
import sqlalchemy as sa

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.db import session
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.provider import ResourceProvider
from nova_lite.db.repositories import compute_node, provider
from nova_lite.db.repositories.provider import Claim
from nova_lite.scheduler.manager import SchedulerManager
from tests.fixtures import hosts

pytestmark = pytest.mark.functional

SCHEDULERS = 3
HOSTS = 4
PLACES = 10  # servers that one host has room for
NEEDS = {"VCPU": 1, "MEMORY_MB": 512}


@pytest.fixture
def database(database_url: str) -> Iterator[str]:
    """A database of each kind with all tables, in use in this process."""
    hosts.use_database(database_url)
    hosts.create_tables()
    yield database_url
    hosts.leave_database()


_start: Barrier


def _prepare(url: str, start: Barrier) -> None:
    """Begin one process."""
    global _start
    _start = start
    hosts.use_database(url)


def _ask(requests: int, servers: int) -> list[tuple[str, str | None]]:
    """In one process: ask again and again; the host of each server."""
    scheduler = SchedulerManager("scheduler")
    scheduler.init_host()
    _start.wait(60)
    found: list[tuple[str, str | None]] = []
    for _ in range(requests):
        spec = hosts.request_spec(servers)
        for one in scheduler.select_destinations(get_admin_context(), spec):
            host = one.selection.host if one.selection else None
            found.append((one.instance_uuid, host))
    return found


def run_schedulers(
    url: str, requests: int, servers: int
) -> list[tuple[str, str | None]]:
    """Let all processes ask at the same time; their answers together."""
    spawn = multiprocessing.get_context("spawn")
    with futures.ProcessPoolExecutor(
        SCHEDULERS,
        mp_context=spawn,
        initializer=_prepare,
        initargs=(url, spawn.Barrier(SCHEDULERS)),
    ) as pool:
        # Each waits for the others, so each runs in a process of its own.
        asked = [
            pool.submit(_ask, requests, servers) for _ in range(SCHEDULERS)
        ]
        return [pair for one in asked for pair in one.result(timeout=120)]


@pytest.mark.parametrize(
    ("requests", "servers"), [(18, 1), (4, 5)], ids=["single", "batch"]
)
def test_schedulers_fill_every_place_and_none_twice(
    database: str, requests: int, servers: int
) -> None:
    hosts.seed(range(HOSTS), memory_mb=512 * PLACES)
    found = run_schedulers(database, requests, servers)

    placed = Counter(host for _, host in found if host is not None)
    assert placed == {f"host-{n}": PLACES for n in range(HOSTS)}
    assert len(found) == SCHEDULERS * requests * servers
    held = provider.allocations([consumer for consumer, _ in found])
    assert held.keys() == {consumer for consumer, host in found if host}
    assert all(len(providers) == 1 for providers in held.values())
    assert [u["MEMORY_MB"] for u in provider.usages().values()] == [
        512 * PLACES
    ] * HOSTS


def provider_ids() -> list[int]:
    """ids of all providers, in order."""
    return sorted(provider.stocks())


def test_claim_over_an_old_generation_is_refused(database: str) -> None:
    hosts.seed(range(2))
    first, second = provider_ids()
    one, two, three = (str(uuid.uuid4()) for _ in range(3))
    assert provider.claim({one: Claim(first, 0, NEEDS)}) == set()
    refused = provider.claim(
        {two: Claim(first, 0, NEEDS), three: Claim(second, 0, NEEDS)}
    )
    assert refused == {two}
    assert provider.allocations([one, two, three]) == {
        one: {first: NEEDS},
        three: {second: NEEDS},
    }
    assert [s.generation for s in provider.stocks().values()] == [1, 1]


def test_claim_again_replaces_and_tells_the_former_provider(
    database: str,
) -> None:
    hosts.seed(range(2))
    first, second = provider_ids()
    consumer = str(uuid.uuid4())
    provider.claim({consumer: Claim(first, 0, NEEDS)})
    provider.claim({consumer: Claim(first, 1, NEEDS)})
    assert provider.usages([first]) == {first: NEEDS}
    provider.claim({consumer: Claim(second, 0, NEEDS)})
    assert provider.usages() == {second: NEEDS}
    assert provider.stocks([first])[first].generation == 3
    assert provider.claim({consumer: Claim(first, 0, NEEDS)}) == {consumer}
    assert provider.usages() == {second: NEEDS}


def test_release(database: str) -> None:
    hosts.seed(range(1))
    (only,) = provider_ids()
    consumers = [str(uuid.uuid4()) for _ in range(3)]
    provider.claim({c: Claim(only, 0, NEEDS) for c in consumers})
    assert provider.release(consumers[:2]) == [only]
    assert provider.usages() == {only: NEEDS}
    assert provider.release(consumers[:2]) == []
    assert provider.stocks()[only].generation == 2


def test_orphans_are_those_without_a_live_server(database: str) -> None:
    hosts.seed(range(1))
    (only,) = provider_ids()
    live, deleted, unknown = sorted(str(uuid.uuid4()) for _ in range(3))
    with session.writer() as db:
        for name, mark in ((live, 0), (deleted, 7)):
            db.add(
                Instance(
                    uuid=name,
                    project_id="p",
                    user_id="u",
                    display_name="n",
                    hostname="n",
                    vm_state="active",
                    flavor={},
                    vcpus=1,
                    memory_mb=1,
                    root_gb=1,
                    ephemeral_gb=0,
                    image_meta={},
                    deleted=mark,
                )
            )
    claims = {c: Claim(only, 0, NEEDS) for c in (live, deleted, unknown)}
    provider.claim(claims)
    assert provider.orphans() == [deleted, unknown]


def generation() -> int:
    """The generation of the only provider."""
    with session.reader() as db:
        return db.scalars(sa.select(ResourceProvider.generation)).one()


def test_report_writes_only_what_differs(database: str) -> None:
    row, stock = hosts.node_row(0), hosts.inventories()
    assert compute_node.report(row, stock)
    assert not compute_node.report(row, stock)
    assert generation() == 0

    before = compute_node.get(row["uuid"])
    assert compute_node.report({**row, "vcpus_used": 3}, stock)
    after = compute_node.get(row["uuid"])
    assert after["vcpus_used"] == 3
    assert after["updated_at"] > before["updated_at"]
    assert generation() == 0

    assert compute_node.report(row, hosts.inventories(vcpus=32))
    assert compute_node.report(
        row, {k: v for k, v in stock.items() if k != "DISK_GB"}
    )
    assert generation() == 2
    assert provider.stocks()[provider_ids()[0]].capacity == {
        "VCPU": 64,
        "MEMORY_MB": 65536,
    }


def test_host_under_another_uuid_is_refused(database: str) -> None:
    row = hosts.node_row(0)
    compute_node.report(row, hosts.inventories())
    with pytest.raises(exception.Conflict, match=row["uuid"]):
        compute_node.report(
            {**row, "uuid": hosts.uuid_of(1)}, hosts.inventories()
        )
    assert [node["uuid"] for node in compute_node.list_all()] == [row["uuid"]]


def test_delete_for_host_takes_all_that_hangs_on_it(database: str) -> None:
    hosts.seed(range(2))
    first, second = provider_ids()
    provider.claim({str(uuid.uuid4()): Claim(first, 0, NEEDS)})
    with session.writer() as db:
        compute_node.delete_for_host(db, "host-0")
    assert provider_ids() == [second]
    assert provider.usages() == {}
    with session.writer() as db:
        compute_node.delete_for_host(db, "host-0")
    with pytest.raises(exception.ComputeHostNotFound):
        compute_node.get(hosts.uuid_of(0))
