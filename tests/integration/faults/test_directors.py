# SPDX-License-Identifier: Apache-2.0
"""What conductor and the API do of operations, with breaks in its middle.

Two conductors, so that one may go on with what the other has left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from nova_lite.compute import vm_states
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import life, servers
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import shared_server
from tests.fixtures.rabbitmq import discard, fresh_transport_url, stop_for

AT_REST_S = 60
CONDUCTORS = ("conductor-1", "conductor-2")
# Operations that conductor has a part in, and where they begin.
BEGINS = {
    "build": None,
    "resize": vm_states.ACTIVE,
    "migrate": vm_states.ACTIVE,
    "rebuild": vm_states.ACTIVE,
    "unshelve": vm_states.SHELVED_OFFLOADED,
}
ENDS = {
    "build": vm_states.ACTIVE,
    "resize": vm_states.RESIZED,
    "migrate": vm_states.RESIZED,
    "rebuild": vm_states.ACTIVE,
    "unshelve": vm_states.ACTIVE,
}
# Before conductor asks the scheduler; after it has written whereto.
POINTS = [
    f"{name}.{point}" for name in BEGINS for point in ("seeking", "sent")
]


def _twice(operation: str) -> list[str]:
    return [f"{operation}.{number}" for number in range(2)]


@dataclass
class Directed:
    """A cloud whose daemons obey orders, and its own broker."""

    cloud: Cloud
    broker: RabbitNode
    orders: Path
    other_image: str = ""

    def recover(self) -> None:
        """Set right what a test has left that failed in its middle."""
        reached = self.orders.glob("*.reached")
        self.go([path.stem for path in reached])
        self.broker.start()
        for one in self.cloud.daemons.values():
            if not one.is_running():
                one.start()
        self.cloud.wait_serving()
        if self.cloud.ledger.servers():
            self.clean()

    def order(self, points: Sequence[str]) -> None:
        """Let daemons wait at these points."""
        for left in self.orders.iterdir():
            left.unlink()
        for point in points:
            (self.orders / point).write_text("wait")

    def wait_reached(self, points: Sequence[str]) -> None:
        """Wait until somebody is at each of them."""
        wait_until(
            lambda: all(
                (self.orders / f"{point}.reached").exists() for point in points
            ),
            60,
            f"{points} are reached; there are "
            f"{sorted(path.name for path in self.orders.iterdir())}",
        )

    def go(self, points: Sequence[str]) -> None:
        """Let them go on."""
        for point in points:
            (self.orders / f"{point}.go").touch()

    def ask(self, name: str, ident: str) -> int:
        """Ask for one of the operations; the answer's status."""
        if name == "rebuild":
            body = {"rebuild": {"imageRef": self.other_image}}
            return self.cloud.tenant.send(
                "POST", f"/servers/{ident}/action", body
            ).status_code
        return life.send(self.cloud, name, ident)

    def begin_all(self, prefix: str) -> dict[str, str]:
        """Two servers for each operation, at its two points; their names.

        Of two, one takes the first point; the other comes to the second.
        """
        made = self._prepare(prefix)
        self.order(POINTS)
        for name in _twice("build"):
            made[name] = self.cloud.create(f"{prefix}-{name}")
        for name, ident in made.items():
            operation = name.split(".")[0]
            if operation != "build":
                assert self.ask(operation, ident) in life.ACCEPTED, name
        self.wait_reached(POINTS)
        return made

    def _prepare(self, prefix: str) -> dict[str, str]:
        def one(item: tuple[str, str]) -> tuple[str, str]:
            name, state = item
            return name, life.prepare(self.cloud, f"{prefix}-{name}", state)

        states = {
            name: state
            for operation, state in BEGINS.items()
            if state
            for name in _twice(operation)
        }
        with ThreadPoolExecutor(8) as pool:
            return dict(pool.map(one, states.items()))

    def check_ends(self, made: Mapping[str, str]) -> None:
        """Each has come to what was asked for, and holds what it should."""
        for name, ident in made.items():
            life.wait_idle(self.cloud, ident, AT_REST_S)
            row = life.row_of(self.cloud, ident)
            fault = self.cloud.ledger.faults().get(ident)
            ends = ENDS[name.split(".")[0]]
            assert row["vm_state"] == ends, (
                f"{name}: {fault}; {row}\n{self.cloud.warnings()}"
            )
            assert life.complaints(self.cloud, row) == [], name

    def clean(self) -> None:
        """Delete all; nothing is left."""
        for row in self.cloud.ledger.servers():
            life.send(self.cloud, "delete", row["uuid"])
        self.cloud.wait_at_rest(AT_REST_S)
        assert self.cloud.ledger.servers() == []
        assert self.cloud.ledger.guests() == {}
        assert self.cloud.ledger.consumers() == set()


@pytest.fixture(scope="module")
def started(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Directed]:
    broker = RabbitNode(servers.base_directory() / "rabbitmq-directors")
    orders = tmp_path_factory.mktemp("orders")
    try:
        broker.start()
        made = Cloud(
            tmp_path_factory.mktemp("directed"),
            fresh_transport_url(broker),
            shared_server("mariadb").fresh_url(),
            computes=1,
            conductors=2,
            # The API has the images, is killed, and starts slowly where
            # much else runs: hosts wait half a minute for it.
            settings={**life.SETTINGS, "glance": {"num_retries": 6}},
            service_user=True,
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NOVA_LITE_FAULT_POINTS", str(orders))
            with clouds.running(made):
                life.furnish(made)
                image = made.admin.upload_image("other", b"\1" * 4096)
                yield Directed(made, broker, orders, image)
    finally:
        discard(broker)


@pytest.fixture
def directed(started: Directed) -> Directed:
    """The module's cloud, with nothing left in it."""
    started.recover()
    return started


@pytest.mark.timeout(200)
def test_conductors_are_killed(directed: Directed) -> None:
    made = directed.begin_all("killed")
    for name in CONDUCTORS:
        directed.cloud[name].kill()
    for name in CONDUCTORS:
        directed.cloud[name].start()
    directed.check_ends(made)
    directed.cloud.wait_serving()
    directed.clean()


@pytest.mark.timeout(200)
def test_broker_is_away(directed: Directed) -> None:
    made = directed.begin_all("away")
    with ThreadPoolExecutor(1) as beside:
        outage = beside.submit(stop_for, directed.broker, 5)
        wait_until(
            lambda: not directed.broker.is_running(), 60, "the broker is down"
        )
        directed.go(POINTS)
        outage.result()
    directed.check_ends(made)
    directed.cloud.wait_serving()
    directed.clean()


@pytest.mark.timeout(200)
def test_delete_meanwhile(directed: Directed) -> None:
    """Whoever comes too late with a host finds the server gone."""
    made = directed.begin_all("ended")
    for name, ident in made.items():
        status = life.send(directed.cloud, "delete", ident)
        assert status in life.ACCEPTED, name
    directed.go(POINTS)
    for ident in made.values():
        directed.cloud.wait_gone(ident, AT_REST_S)
        moves = directed.cloud.ledger.migrations(ident)
        assert set(moves) <= {"error", "confirmed"}, moves
    directed.clean()


@pytest.mark.timeout(200)
def test_api_is_killed_after_its_commit(directed: Directed) -> None:
    """What is written is done, though nobody was told."""
    cloud = directed.cloud
    made = {
        row.name: life.prepare(cloud, f"api-{row.name}", life.begins(row))
        for row in life.rows()
    }
    points = [f"{name}.accepted" for name in made]
    directed.order(points)

    def ask(name: str, send: Callable[[], Any]) -> None:
        with pytest.raises(requests.RequestException):
            send()

    asks = {name: life.ready(cloud, name, made[name]) for name in made}
    with ThreadPoolExecutor(len(asks)) as pool:
        asked = [pool.submit(ask, *one) for one in asks.items()]
        directed.wait_reached(points)
        cloud["api"].kill()
        for one in asked:
            one.result(60)
    cloud["api"].start()
    cloud.wait_serving()
    for row in life.rows():
        ident = made[row.name]
        life.wait_idle(cloud, ident, AT_REST_S)
        if row.name == "delete":
            continue
        found = life.row_of(cloud, ident)
        fault = cloud.ledger.faults().get(ident)
        begun = life.begins(row)
        wanted = life.due(row, begun, vm_states.ACTIVE)
        if row.name in ("snapshot", "backup", "shelve"):
            # Their images were not made yet: nothing is done.
            wanted = begun
            assert fault, row.name
        assert found["vm_state"] == wanted, (row.name, found, fault)
        assert life.complaints(cloud, found) == [], row.name
    directed.clean()


# Where a resize may be when its server is deleted for a while.
_RESIZING = ("migrating", "kept", "migrated", "copied", "started", "done")
_REVERTING = ("acquired", "restored", "reverted")


@pytest.mark.timeout(200)
def test_soft_delete_of_a_resize(directed: Directed) -> None:
    """It is undone or confirmed; restored, the server can be resized."""
    cloud = directed.cloud
    made = {
        f"{operation}.{point}": state
        for operation, points, state in (
            ("resize", _RESIZING, vm_states.ACTIVE),
            ("revert_resize", _REVERTING, vm_states.RESIZED),
        )
        for point in points
    } | {"resized": vm_states.RESIZED}
    with ThreadPoolExecutor(8) as pool:
        made = dict(
            pool.map(
                lambda one: (one[0], life.prepare(cloud, *one)), made.items()
            )
        )
    for at, ident in made.items():
        if at != "resized":
            directed.order([at])
            operation = at.split(".")[0]
            assert life.send(cloud, operation, ident) in life.ACCEPTED
            directed.wait_reached([at])
        assert life.send(cloud, "soft_delete", ident) in life.ACCEPTED
        directed.go([at])
        life.wait_idle(cloud, ident)
    for at, ident in made.items():
        row = life.row_of(cloud, ident)
        assert row["vm_state"] == vm_states.SOFT_DELETED, (at, row)
        assert life.complaints(cloud, row) == [], at
        assert life.send(cloud, "restore", ident) in life.ACCEPTED
        life.wait_idle(cloud, ident)
        row = life.row_of(cloud, ident)
        assert row["vm_state"] == vm_states.ACTIVE, (at, row)
        assert life.complaints(cloud, row) == [], at
    assert cloud.ledger.consumers() == set(made.values())
    directed.clean()


@pytest.mark.timeout(200)
def test_delete_while_the_host_is_down(directed: Directed) -> None:
    """What waits for a host that is down never keeps a delete waiting."""
    cloud = directed.cloud
    rows = [row for row in life.rows() if row.during and not row.preempts]
    made = {
        row.name: life.prepare(cloud, f"down-{row.name}", life.begins(row))
        for row in rows
    }
    directed.order([])
    asks = {name: life.ready(cloud, name, made[name]) for name in made}
    cloud["compute-1"].kill()
    for name, ask in asks.items():
        assert ask() in life.ACCEPTED, name
    began = time.monotonic()
    for name, ident in made.items():
        assert life.send(cloud, "delete", ident) in life.ACCEPTED, name
    for ident in made.values():
        cloud.wait_gone(ident, AT_REST_S)
    assert time.monotonic() - began < AT_REST_S
    cloud["compute-1"].start()
    cloud.wait_serving()
    directed.clean()
