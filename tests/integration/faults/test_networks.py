# SPDX-License-Identifier: Apache-2.0
"""Kills while ports are made, given to guests and let go.

No port is left without its server, none is there twice, and what the user
made lives on.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import life
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import shared_server
from tests.fixtures.rabbitmq import fresh_transport_url

AT_REST_S = 60
HOST = "compute-1"
_PORTS = "/network/v2.0/ports"


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
    """A cloud of one host and one network."""
    made = Cloud(
        tmp_path_factory.mktemp("networks"),
        fresh_transport_url(rabbitmq),
        shared_server("mariadb").fresh_url(),
        computes=1,
        settings={
            **clouds.NETWORKS,
            "DEFAULT": {"heal_instance_info_cache_interval": 1},
        },
        service_user=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOVA_LITE_FAULT_POINTS", str(orders))
        with clouds.running(made):
            made.networks = [{"uuid": made.new_network("blue")}]
            yield made


@pytest.fixture(autouse=True)
def _clean(one_host: Cloud, orders: Path) -> Iterator[None]:
    """Afterwards nothing is left but what the test made by hand."""
    yield
    for left in orders.iterdir():
        left.unlink()
    for row in one_host.ledger.servers():
        life.send(one_host, "delete", row["uuid"])
    one_host.wait_at_rest(AT_REST_S)
    for ident, port in one_host.ledger.ports().items():
        assert port["device_id"] == "" or port["device_owner"].startswith(
            "network:"
        ), port
        if not port["device_owner"]:
            one_host.tenant.delete(f"{_PORTS}/{ident}")


def _new_port(cloud: Cloud) -> str:
    (wanted,) = cloud.networks
    body = {"port": {"network_id": wanted["uuid"]}}
    ident: str = cloud.tenant.post(_PORTS, body)["port"]["id"]
    return ident


def _order(orders: Path, operation: str, points: Sequence[str]) -> None:
    """Let as many operations wait, each at the first point that is free."""
    for point in points:
        (orders / f"{operation}.{point}").write_text("wait")


def _wait_reached(orders: Path, points: Sequence[str]) -> None:
    wait_until(
        lambda: len(list(orders.glob("*.reached"))) == len(points),
        60,
        f"all of {points} are reached",
    )


def _kill(cloud: Cloud, orders: Path, points: Sequence[str]) -> None:
    _wait_reached(orders, points)
    cloud[HOST].kill()
    for left in orders.iterdir():
        left.unlink()


def _see_well(cloud: Cloud, ident: str, ports: int) -> list[str]:
    """An ACTIVE server with so many ports, all of which it knows."""
    life.wait_idle(cloud, ident, AT_REST_S)
    row = life.row_of(cloud, ident)
    assert row["vm_state"] == "active", cloud.ledger.faults().get(ident)
    assert life.complaints(cloud, row) == []
    known = cloud.ledger.interfaces(ident)
    assert len(known) == ports
    return known


def test_compute_killed_in_builds(one_host: Cloud, orders: Path) -> None:
    points = ["acquired", "allocated", "done"]
    _order(orders, "build", points)
    servers = {}
    for point in points:
        mine = _new_port(one_host)
        wanted = [*one_host.networks, {"port": mine}]
        servers[one_host.create(f"at-{point}", networks=wanted)] = mine
    _wait_reached(orders, points)
    states = [row["task_state"] for row in one_host.ledger.servers()]
    assert sorted(states) == ["networking", "networking", "spawning"]
    _kill(one_host, orders, points)
    one_host[HOST].start()
    for ident, mine in servers.items():
        assert _see_well(one_host, ident, 2)[1] == mine
    one_host.wait_serving()


def test_deleted_while_their_host_is_dead(
    one_host: Cloud, orders: Path
) -> None:
    """Conductor lets the ports go; what the host makes later, itself.

    It was taken for dead, and made a port before it was.
    """
    points = ["acquired", "allocated"]
    _order(orders, "build", points)
    servers = {}
    for point in points:
        mine = _new_port(one_host)
        wanted = [*one_host.networks, {"port": mine}]
        servers[one_host.create(f"at-{point}", networks=wanted)] = mine
    _wait_reached(orders, points)
    ports = one_host.ledger.ports()
    # The one that is at "allocated"; the other's host has asked for nothing.
    (has_asked,) = {ports[one]["device_id"] for one in servers.values()} - {""}
    _kill(one_host, orders, points)
    for ident in servers:
        one_host.tenant.delete(f"/servers/{ident}")
    for ident, mine in servers.items():
        one_host.wait_gone(ident, AT_REST_S)
        port = one_host.ledger.ports()[mine]
        assert (port["device_id"], port["host"]) == ("", "")
    (wanted,) = one_host.networks
    late = {
        "network_id": wanted["uuid"],
        "device_id": has_asked,
        "device_owner": "compute:nova",
        "binding:host_id": HOST,
        "binding:profile": {"nova_lite_created": True},
    }
    made = one_host.admin.post(_PORTS, {"port": late})["port"]["id"]
    one_host[HOST].start()
    one_host.wait_serving()
    wait_until(
        lambda: made not in one_host.ledger.ports(),
        AT_REST_S,
        "the late port is found and removed",
    )


def test_compute_killed_in_attaches(one_host: Cloud, orders: Path) -> None:
    points = ["claimed", "acquired", "allocated", "plugged", "done"]
    servers = [one_host.boot(f"at-{point}") for point in points]
    (wanted,) = one_host.networks
    _order(orders, "attach_interface", points)

    def attach(ident: str) -> int:
        return one_host.tenant.send(
            "POST",
            f"/servers/{ident}/os-interface",
            {"interfaceAttachment": {"net_id": wanted["uuid"]}},
        ).status_code

    with ThreadPoolExecutor(len(servers)) as pool:
        asked = pool.map(attach, servers)
        _kill(one_host, orders, points)
        one_host[HOST].start()
        for ident in servers:
            _see_well(one_host, ident, 2)
        # Who waits for a dead daemon is told so, and it is done all the same.
        assert set(asked) <= {200, 503}
    one_host.wait_serving()


def test_compute_killed_in_detaches(one_host: Cloud, orders: Path) -> None:
    points = ["claimed", "unplugged", "released", "done"]
    wanted = [*one_host.networks, *one_host.networks]
    servers = [one_host.boot(f"at-{p}", networks=wanted) for p in points]
    ports = {ident: one_host.ledger.interfaces(ident) for ident in servers}
    _order(orders, "detach_interface", points)
    for ident, (first, _) in ports.items():
        one_host.tenant.delete(f"/servers/{ident}/os-interface/{first}")
    _kill(one_host, orders, points)
    one_host[HOST].start()
    for ident, (first, second) in ports.items():
        assert _see_well(one_host, ident, 1) == [second]
        assert first not in one_host.ledger.ports()
    one_host.wait_serving()


def test_the_service_is_away_for_a_while(one_host: Cloud) -> None:
    """A build that begins without it goes on; so does a delete."""
    api = one_host["api"]
    ident = one_host.boot("before")
    compute = one_host[HOST]
    compute.signal(signal.SIGSTOP)
    try:
        later = one_host.create("later")
        one_host.tenant.delete(f"/servers/{ident}")
        api.kill()
    finally:
        compute.signal(signal.SIGCONT)
    wait_until(
        lambda: (
            not [
                row
                for row in one_host.ledger.open_actions()
                if row["state"] == "queued"
            ]
        ),
        60,
        "both have begun",
    )
    api.start()
    one_host.wait_serving()
    _see_well(one_host, later, 1)
    one_host.wait_gone(ident, AT_REST_S)


def test_the_service_dies_within_an_attach_and_a_detach(
    one_host: Cloud, orders: Path
) -> None:
    """Before each of their steps; who asked for the attach is not told."""
    api = one_host["api"]
    (wanted,) = one_host.networks
    attaches = ["claimed", "acquired", "allocated"]
    detaches = ["claimed", "unplugged"]
    growing = [one_host.boot(f"to-{point}") for point in attaches]
    shrinking = [
        one_host.boot(f"from-{point}", networks=[wanted, wanted])
        for point in detaches
    ]
    _order(orders, "attach_interface", attaches)
    _order(orders, "detach_interface", detaches)
    for ident in shrinking:
        first = one_host.ledger.interfaces(ident)[0]
        one_host.tenant.delete(f"/servers/{ident}/os-interface/{first}")

    def attach(ident: str) -> None:
        with contextlib.suppress(requests.ConnectionError):
            one_host.tenant.send(
                "POST",
                f"/servers/{ident}/os-interface",
                {"interfaceAttachment": {"net_id": wanted["uuid"]}},
            )

    with ThreadPoolExecutor(len(growing)) as pool:
        asked = [pool.submit(attach, ident) for ident in growing]
        _wait_reached(orders, [*attaches, *detaches])
        api.kill()
        for one in asked:
            one.result()
    for reached in list(orders.glob("*.reached")):
        reached.with_suffix(".go").touch()
    api.start()
    one_host.wait_serving()
    for ident in growing:
        _see_well(one_host, ident, 2)
    for ident in shrinking:
        _see_well(one_host, ident, 1)


def _addresses(cloud: Cloud, ident: str) -> list[str]:
    shown = cloud.tenant.get(f"/servers/{ident}/ips")["addresses"]
    return [one["addr"] for one in shown.get("blue", [])]


def test_what_a_start_finds(one_host: Cloud) -> None:
    """What a server was not told of its addresses meanwhile."""
    stale = one_host.boot("stale")
    known = _addresses(one_host, stale)
    assert len(known) == 1
    one_host[HOST].kill()
    one_host.ledger.lose_addresses(stale)
    assert _addresses(one_host, stale) == []
    one_host[HOST].start()
    wait_until(
        lambda: _addresses(one_host, stale) == known, 30, "it knows them again"
    )
    one_host.wait_serving()


def test_failed_attach_leaves_nothing(one_host: Cloud, orders: Path) -> None:
    ident = one_host.boot("failing")
    mine = _new_port(one_host)
    (orders / "attach_interface.plugged").write_text("fail")
    wanted: dict[str, Any] = {"interfaceAttachment": {"port_id": mine}}
    said = one_host.tenant.send(
        "POST", f"/servers/{ident}/os-interface", wanted
    )
    assert said.status_code == 500
    assert "Failed to attach" in said.text
    _see_well(one_host, ident, 1)
    assert one_host.ledger.ports()[mine]["device_id"] == ""
