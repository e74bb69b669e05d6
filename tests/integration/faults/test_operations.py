# SPDX-License-Identifier: Apache-2.0
"""Every operation, killed or failing between each two of its phases."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nova_lite.compute import vm_states
from nova_lite.compute.operations import all_operations
from nova_lite.compute.transitions import DELETE, Transition
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import life
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import shared_server
from tests.fixtures.rabbitmq import fresh_transport_url

AT_REST_S = 60
PHASES = ("claimed", "checked", "acquired", "done", "finished")
HOST = "compute-1"

_ROWS = life.rows()
_POINT = re.compile(r'self\.point\(\s*"(\w+)"')


def _inner_points() -> dict[str, list[str]]:
    """The points that operations have inside their work, by operation."""
    return {
        kind.row.name: _POINT.findall(inspect.getsource(kind))
        for kind in all_operations()
        if kind.row in _ROWS
    }


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests say what shall happen at a point."""
    return tmp_path_factory.mktemp("orders")


@pytest.fixture(scope="module")
def one_host(
    rabbitmq: RabbitNode,
    orders: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cloud]:
    """A cloud of one host, whose daemons obey the orders.

    Its servers are on a network, so whatever is left of that is found.
    """
    directory = tmp_path_factory.mktemp("phases")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        shared_server("mariadb").fresh_url(),
        computes=1,
        settings={
            **life.SETTINGS,
            **clouds.NETWORKS,
            # All of them wait at a point at the same time.
            "compute": {"operation_threads": 64},
        },
        service_user=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOVA_LITE_FAULT_POINTS", str(orders))
        with clouds.running(made):
            life.furnish(made)
            made.networks = [{"uuid": made.new_network("blue")}]
            yield made


def _each(
    work: Callable[[Transition], Any], rows: Sequence[Transition]
) -> Any:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, rows))


def _prepare(
    cloud: Cloud, rows: Sequence[Transition], prefix: str
) -> dict[str, str]:
    """A server for each operation, where it may begin; ids by its name."""

    def one(row: Transition) -> tuple[str, str]:
        ident = life.prepare(cloud, f"{prefix}-{row.name}", life.begins(row))
        return row.name, ident

    return dict(_each(one, rows))


def _order(orders: Path, names: Sequence[str], what: str) -> None:
    for left in orders.iterdir():
        left.unlink()
    for name in names:
        (orders / name).write_text(what)


def _is_there(cloud: Cloud, ident: str) -> dict[str, Any] | None:
    for row in cloud.ledger.servers():
        if row["uuid"] == ident:
            return row
    return None


def _check_end(cloud: Cloud, row: Transition, ident: str) -> None:
    """The asked state, or ERROR with its cause, and nothing left open."""
    life.wait_idle(cloud, ident, AT_REST_S)
    found = _is_there(cloud, ident)
    if row is DELETE:
        assert found is None, found
        return
    assert found is not None, row.name
    begun = life.begins(row)
    wanted = life.due(row, begun, vm_states.ACTIVE)
    if found["vm_state"] != wanted:
        fault = cloud.ledger.faults().get(ident)
        # What cannot be asked for twice says so and leaves all as it was.
        ends = {vm_states.ERROR, *([] if row.repeatable else [begun])}
        assert found["vm_state"] in ends, (row.name, found)
        assert fault, (row.name, found)
    assert found["task_state"] is None, (row.name, found)
    if found["vm_state"] != vm_states.ERROR:
        assert life.complaints(cloud, found) == [], row.name


def _clean(cloud: Cloud) -> None:
    for row in cloud.ledger.servers():
        life.send(cloud, "delete", row["uuid"])
    cloud.wait_at_rest(AT_REST_S)
    assert cloud.ledger.servers() == []
    assert cloud.ledger.guests() == {}
    assert cloud.ledger.consumers() == set()


def _killed_at(
    cloud: Cloud, orders: Path, points: dict[str, str], prefix: str
) -> None:
    """kill -9 the compute while each operation is at its point."""
    rows = [row for row in _ROWS if row.name in points]
    servers = _prepare(cloud, rows, prefix)
    _order(orders, [f"{n}.{point}" for n, point in points.items()], "wait")
    for row in rows:
        assert life.send(cloud, row.name, servers[row.name]) in life.ACCEPTED
    wait_until(
        lambda: len(list(orders.glob("*.reached"))) == len(points),
        60,
        f"all of {sorted(points)} are at their points; there are "
        f"{sorted(path.name for path in orders.iterdir())}",
    )
    cloud[HOST].kill()
    cloud[HOST].start()
    _each(lambda row: _check_end(cloud, row, servers[row.name]), rows)
    cloud.wait_serving()
    _clean(cloud)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("phase", PHASES)
def test_kill_between_phases(
    one_host: Cloud, orders: Path, phase: str
) -> None:
    points = {row.name: phase for row in _ROWS}
    _killed_at(one_host, orders, points, phase)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("number", range(3))
def test_kill_inside_the_work(
    one_host: Cloud, orders: Path, number: int
) -> None:
    inside = {
        name: points[number]
        for name, points in _inner_points().items()
        if len(points) > number
    }
    if inside:
        _killed_at(one_host, orders, inside, f"inside-{number}")


@pytest.mark.timeout(200)
@pytest.mark.parametrize("phase", ["checked", "acquired", "done"])
def test_failure_of_a_phase(one_host: Cloud, orders: Path, phase: str) -> None:
    """The state that the table names for it, with the cause; all usable."""
    rows = [row for row in _ROWS if row is not DELETE]
    servers = _prepare(one_host, rows, phase)
    _order(orders, [f"{row.name}.{phase}" for row in rows], "fail")

    def fail(row: Transition) -> None:
        ident = servers[row.name]
        assert life.send(one_host, row.name, ident) in life.ACCEPTED, row.name
        life.wait_idle(one_host, ident, AT_REST_S)
        found = _is_there(one_host, ident)
        assert found is not None, row.name
        ends = {row.on_error or life.begins(row)}
        assert found["vm_state"] in ends, (row.name, found)
        assert found["task_state"] is None, (row.name, found)
        fault = one_host.ledger.faults()[ident]
        assert "fault point" in fault, (row.name, fault)

    _each(fail, rows)
    broken = [row for row in rows if row.on_error == vm_states.ERROR]
    _each(lambda row: _revive(one_host, servers[row.name]), broken)
    _clean(one_host)


def _revive(cloud: Cloud, ident: str) -> None:
    """What is broken can be rebooted, and made anew."""
    for name in ("hard_reboot", "rebuild"):
        assert life.send(cloud, name, ident) in life.ACCEPTED, name
        life.wait_idle(cloud, ident, AT_REST_S)
        found = life.row_of(cloud, ident)
        fault = cloud.ledger.faults().get(ident)
        assert found["vm_state"] == vm_states.ACTIVE, (name, found, fault)
        assert life.complaints(cloud, found) == [], name


@pytest.mark.timeout(200)
def test_kill_while_a_password_is_changed(
    one_host: Cloud, orders: Path
) -> None:
    """Nobody knows the password any more: the action says to ask again."""
    ident = one_host.boot("password")
    _order(orders, ["change_password.acquired"], "kill")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(
            one_host.tenant.send,
            "POST",
            f"/servers/{ident}/action",
            {"changePassword": {"adminPass": "s3cret"}},
        )
        wait_until(lambda: not one_host[HOST].is_running(), 60, "it is killed")
        one_host[HOST].start()
        life.wait_idle(one_host, ident, AT_REST_S)
        found = _is_there(one_host, ident)
        assert found is not None
        assert (found["vm_state"], found["task_state"]) == ("active", None)
        assert "ask again" in one_host.ledger.faults()[ident]
        # Who asked is not left without an answer either.
        assert asked.result(90).status_code == 503
    one_host.wait_serving()
    _clean(one_host)
