# SPDX-License-Identifier: Apache-2.0
"""Deletions that can be taken back, on a cloud that keeps servers a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

KEPT_S = 4


@pytest.fixture(scope="module")
def keeping(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Two hosts: the first deletes soon, the second never by itself."""
    directory = tmp_path_factory.mktemp("keeping")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("sqlite", directory),
        computes=2,
        settings={"DEFAULT": {"reclaim_instance_interval": 86400}},
        by_daemon={
            "compute-1": {"DEFAULT": {"reclaim_instance_interval": KEPT_S}}
        },
    )
    with clouds.running(made):
        yield made


def _boot(cloud: Cloud, name: str, host: str = "compute-2") -> str:
    return cloud.boot(
        name, cloud.admin, availability_zone=f"nova:{host}", networks="none"
    )


def _act(cloud: Cloud, ident: str, name: str) -> int:
    path = f"/servers/{ident}/action"
    return cloud.admin.send("POST", path, {name: None}).status_code


def _end(cloud: Cloud, ident: str) -> None:
    assert _act(cloud, ident, "forceDelete") == 202
    cloud.wait_gone(ident)
    assert ident not in cloud.ledger.guests()
    assert ident not in cloud.ledger.consumers()


def _listed(cloud: Cloud, query: str) -> set[str]:
    found = cloud.admin.get(f"/servers?all_tenants=1&{query}")["servers"]
    return {one["id"] for one in found}


def test_restore_and_force(keeping: Cloud) -> None:
    ident = _boot(keeping, "kept")
    keeping.admin.delete(f"/servers/{ident}")
    server = keeping.wait_status(ident, "SOFT_DELETED")
    assert server["OS-EXT-STS:power_state"] == 4
    assert keeping.ledger.guests()[ident]["state"] == 4
    # Asked once more, it is as it was.
    keeping.admin.delete(f"/servers/{ident}")
    assert keeping.server(ident)["status"] == "SOFT_DELETED"

    assert ident not in _listed(keeping, "")
    for query in ("deleted=true", "soft_deleted=1", "status=SOFT_DELETED"):
        assert ident in _listed(keeping, query), query
    assert ident not in _listed(keeping, "deleted=1&soft_deleted=0")
    assert _act(keeping, ident, "os-start") == 409

    assert _act(keeping, ident, "restore") == 202
    keeping.wait_status(ident, "ACTIVE")
    assert keeping.ledger.guests()[ident]["state"] == 1
    assert ident in _listed(keeping, "")
    assert _act(keeping, ident, "restore") == 409
    _end(keeping, ident)


def test_is_reclaimed(keeping: Cloud) -> None:
    ident = _boot(keeping, "short", "compute-1")
    keeping.admin.delete(f"/servers/{ident}")
    keeping.wait_gone(ident)
    path = f"/servers/{ident}/os-instance-actions"
    actions = keeping.admin.get(path)["instanceActions"]
    # It was soft-deleted first, by somebody; nobody asked for the second.
    assert [(one["action"], one["user_id"] is None) for one in actions] == [
        ("delete", True),
        ("delete", False),
        ("create", False),
    ]
    assert ident not in keeping.ledger.guests()
    assert ident not in keeping.ledger.consumers()


def test_one_that_never_ran_is_deleted_at_once(keeping: Cloud) -> None:
    flavor = keeping.new_flavor("huge", ram=4_000_000)
    ident = keeping.create("too big", keeping.admin, flavorRef=flavor)
    wait_until(
        lambda: keeping.server(ident)["status"] == "ERROR", 30, "no host"
    )
    keeping.admin.delete(f"/servers/{ident}")
    keeping.wait_gone(ident)


def test_does_not_count_until_it_is_restored(keeping: Cloud) -> None:
    first = _boot(keeping, "first")
    quota = f"/os-quota-sets/{keeping.server(first)['tenant_id']}"

    def limit(value: int) -> None:
        body = {"quota_set": {"instances": value, "force": True}}
        keeping.admin.call("PUT", quota, body)

    keeping.admin.delete(f"/servers/{first}")
    keeping.wait_status(first, "SOFT_DELETED")
    limit(1)
    second = _boot(keeping, "second")
    refused = keeping.admin.send(
        "POST", f"/servers/{first}/action", {"restore": None}
    )
    assert refused.status_code == 403
    assert "instances" in refused.json()["forbidden"]["message"]
    assert keeping.server(first)["status"] == "SOFT_DELETED"
    limit(2)
    assert _act(keeping, first, "restore") == 202
    keeping.wait_status(first, "ACTIVE")
    limit(-1)
    _end(keeping, first)
    _end(keeping, second)


def test_host_is_down(keeping: Cloud) -> None:
    ident = _boot(keeping, "lonely")
    keeping["compute-2"].kill()
    keeping.admin.delete(f"/servers/{ident}")
    server = keeping.wait_status(ident, "SOFT_DELETED", 60)
    assert server["OS-EXT-STS:task_state"] is None
    keeping["compute-2"].start()
    _end(keeping, ident)
