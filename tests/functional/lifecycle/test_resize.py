# SPDX-License-Identifier: Apache-2.0
"""Resize, cold migration, and their two ends, through all daemons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.db.models.provider import Allocation
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

SMALL = {"VCPU": 1, "MEMORY_MB": 64, "DISK_GB": 1}
LARGE = {"VCPU": 2, "MEMORY_MB": 128, "DISK_GB": 3}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests say what shall happen at a point."""
    return tmp_path_factory.mktemp("orders")


@pytest.fixture(scope="module")
def host(
    rabbitmq: RabbitNode,
    orders: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cloud]:
    """A small host, where a resize has to fit."""
    directory = tmp_path_factory.mktemp("resize")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("mariadb", directory),
        computes=1,
        settings={"fake": {"memory_mb": 1024, "vcpus": 2, "local_gb": 20}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOVA_LITE_FAULT_POINTS", str(orders))
        with clouds.running(made):
            yield made


@pytest.fixture(scope="module")
def large(host: Cloud) -> str:
    return host.new_flavor("large", ram=128, vcpus=2, disk=3)


@pytest.fixture(autouse=True)
def _clean(host: Cloud) -> Iterator[None]:
    yield
    for row in host.ledger.servers():
        host.admin.send("DELETE", f"/servers/{row['uuid']}")
    host.wait_at_rest()
    assert not host.ledger.guests()
    assert not host.ledger.consumers()


def _act(cloud: Cloud, ident: str, action: str, value: Any = None) -> int:
    return cloud.admin.send(
        "POST", f"/servers/{ident}/action", {action: value}, version="2.96"
    ).status_code


def _resize(cloud: Cloud, ident: str, flavor: str) -> int:
    return _act(cloud, ident, "resize", {"flavorRef": flavor})


def _held(cloud: Cloud) -> dict[str, dict[str, int]]:
    """What each consumer holds."""
    found: dict[str, dict[str, int]] = {}
    for row in cloud.ledger.rows(sa.select(Allocation)):
        found.setdefault(row["consumer_uuid"], {})[row["resource_class"]] = (
            row["used"]
        )
    return found


def _guest(cloud: Cloud, ident: str) -> dict[str, Any]:
    (path,) = cloud.directory.glob(f"*/instances/fake/*/{ident}.json")
    guest: dict[str, Any] = json.loads(path.read_text())
    return guest


def _migration(cloud: Cloud, ident: str) -> dict[str, Any]:
    path = f"/os-migrations?instance_uuid={ident}"
    listed = cloud.admin.get(path, version="2.59")["migrations"]
    found: dict[str, Any] = listed[0]
    return found


def _sizes(guest: dict[str, Any]) -> dict[str, int]:
    return {
        "VCPU": guest["vcpus"],
        "MEMORY_MB": guest["memory_mb"],
        "DISK_GB": guest["disk_gb"],
    }


def test_resize_and_confirm(host: Cloud, large: str) -> None:
    ident = host.boot("grows")
    assert _resize(host, ident, large) == 202
    server = host.wait_status(ident, "VERIFY_RESIZE")
    assert server["OS-EXT-STS:vm_state"] == "resized"
    assert server["OS-EXT-STS:power_state"] == 1
    assert server["flavor"]["original_name"] == "large"
    assert _sizes(_guest(host, ident)) == LARGE
    migration = _migration(host, ident)
    assert migration["status"] == "finished"
    assert migration["migration_type"] == "resize"
    assert migration["dest_compute"] == "compute-1"
    # Both, until it is confirmed.
    assert _held(host) == {ident: LARGE, migration["uuid"]: SMALL}

    assert _act(host, ident, "confirmResize") == 204
    server = host.wait_status(ident, "ACTIVE")
    assert _held(host) == {ident: LARGE}
    assert _guest(host, ident)["kept"] is None
    assert _migration(host, ident)["status"] == "confirmed"
    assert _act(host, ident, "confirmResize") == 409
    [_, event] = host.event_results(ident, "resize")
    assert event["event"] == "compute_resize_instance"
    assert event["result"] == "Success"


def test_revert_of_a_stopped_server(host: Cloud, large: str) -> None:
    ident = host.boot("stays")
    assert _act(host, ident, "os-stop") == 202
    host.wait_status(ident, "SHUTOFF")
    assert _resize(host, ident, large) == 202
    server = host.wait_status(ident, "VERIFY_RESIZE")
    assert server["OS-EXT-STS:power_state"] == 4
    assert _act(host, ident, "revertResize") == 202
    server = host.wait_status(ident, "SHUTOFF")
    assert server["flavor"]["original_name"] == "tiny"
    assert _sizes(_guest(host, ident)) == SMALL
    assert _guest(host, ident)["state"] == 4
    assert _held(host) == {ident: SMALL}
    assert _migration(host, ident)["status"] == "reverted"
    assert _act(host, ident, "os-start") == 202
    host.wait_status(ident, "ACTIVE")


def test_cold_migration_and_revert(host: Cloud) -> None:
    ident = host.boot("moves")
    assert _act(host, ident, "migrate") == 202
    host.wait_status(ident, "VERIFY_RESIZE")
    migration = _migration(host, ident)
    assert migration["migration_type"] == "migration"
    assert _held(host) == {ident: SMALL, migration["uuid"]: SMALL}
    assert _act(host, ident, "revertResize") == 202
    host.wait_status(ident, "ACTIVE")
    assert _held(host) == {ident: SMALL}


def test_no_room(host: Cloud) -> None:
    """Only what a resize needs more of counts, but both have their disks."""
    huge = host.new_flavor("huge", ram=100000, vcpus=1, disk=1)
    wide = host.new_flavor("wide", ram=64, vcpus=1, disk=20)
    fits = host.new_flavor("fits", ram=300, vcpus=8, disk=1)
    ident = host.boot("alone")
    for flavor, what in ((huge, "MEMORY_MB"), (wide, "DISK_GB")):
        assert _resize(host, ident, flavor) == 202
        _wait_fault(host, ident, f"not enough {what}")
        server = host.server(ident)
        assert server["status"] == "ACTIVE"
        assert server["flavor"]["original_name"] == "tiny"
        assert _migration(host, ident)["status"] == "error"
        assert _held(host) == {ident: SMALL}
    # All processors of the host: those of the server itself count once.
    assert _resize(host, ident, fits) == 202
    host.wait_status(ident, "VERIFY_RESIZE")


def _wait_fault(cloud: Cloud, ident: str, text: str) -> None:
    wait_until(
        lambda: (
            text in cloud.ledger.faults().get(ident, "")
            and not cloud.ledger.open_actions()
        ),
        30,
        f"{ident} says {text}",
    )


def test_delete_of_a_resized_server(host: Cloud, large: str) -> None:
    ident = host.boot("ends")
    assert _resize(host, ident, large) == 202
    host.wait_status(ident, "VERIFY_RESIZE")
    host.tenant.delete(f"/servers/{ident}")
    host.wait_gone(ident)
    assert _held(host) == {}
    assert host.ledger.guests() == {}
    assert _migration(host, ident)["status"] == "confirmed"


@pytest.mark.parametrize("point", ["migrating", "kept", "copied", "started"])
def test_failure_at_a_phase_leaves_the_server_as_it_was(
    host: Cloud, large: str, orders: Path, point: str
) -> None:
    ident = host.boot(f"fails-{point}")
    (orders / f"resize.{point}").write_text("fail")
    assert _resize(host, ident, large) == 202
    _wait_fault(host, ident, "fault point")
    server = host.server(ident)
    assert server["status"] == "ACTIVE"
    assert server["OS-EXT-STS:power_state"] == 1
    assert server["flavor"]["original_name"] == "tiny"
    assert _sizes(_guest(host, ident)) == SMALL
    assert _guest(host, ident)["state"] == 1
    assert _held(host) == {ident: SMALL}
    assert _migration(host, ident)["status"] == "error"


def test_kill_inside_the_work(host: Cloud, large: str, orders: Path) -> None:
    """A resize and its ends go on where they were."""
    one, other = host.boot("killed-1"), host.boot("killed-2")

    def resize(ident: str) -> int:
        return _resize(host, ident, large)

    def end(name: str, ident: str) -> int:
        return _act(host, ident, name)

    _kill_at(host, orders, "resize.kept", lambda: resize(one))
    host.wait_status(one, "VERIFY_RESIZE", 60)
    _kill_at(host, orders, "resize.started", lambda: resize(other))
    host.wait_status(other, "VERIFY_RESIZE", 60)
    assert _sizes(_guest(host, one)) == _sizes(_guest(host, other)) == LARGE

    confirm, revert = "confirmResize", "revertResize"
    _kill_at(host, orders, "confirm_resize.dropped", lambda: end(confirm, one))
    host.wait_status(one, "ACTIVE", 60)
    _kill_at(
        host, orders, "revert_resize.restored", lambda: end(revert, other)
    )
    host.wait_status(other, "ACTIVE", 60)
    assert _held(host) == {one: LARGE, other: SMALL}
    assert _sizes(_guest(host, other)) == SMALL


def _kill_at(
    cloud: Cloud, orders: Path, point: str, ask: Callable[[], int]
) -> None:
    """Ask, let the compute die at a point, and start it again."""
    (orders / point).write_text("kill")
    assert ask() in (202, 204)
    wait_until(
        lambda: not cloud["compute-1"].is_running(), 60, f"killed at {point}"
    )
    cloud["compute-1"].start()


def test_two_at_once(host: Cloud, large: str) -> None:
    ident = host.boot("wanted")
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(_resize, host, ident, large),
            pool.submit(_act, host, ident, "migrate"),
        ]
        statuses = sorted(one.result() for one in asked)
    assert statuses == [202, 409]
    host.wait_status(ident, "VERIFY_RESIZE")
