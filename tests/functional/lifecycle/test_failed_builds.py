# SPDX-License-Identifier: Apache-2.0
"""Builds that fail: another host, no host, and what users are told."""

from __future__ import annotations

from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud


def _failed(cloud: Cloud, ident: str, client: Client) -> dict[str, str]:
    """The fault of a server that has come to ERROR, as a user sees it."""
    cloud.wait_status(ident, "ERROR")
    fault: dict[str, str] = client.get(f"/servers/{ident}")["server"]["fault"]
    return fault


def test_goes_to_another_host(cloud: Cloud) -> None:
    ident = cloud.boot("must go elsewhere")

    assert cloud.server(ident)["OS-EXT-SRV-ATTR:host"] == "compute-1"
    assert cloud.ledger.guests()[ident]["host"] == "compute-1"
    events = cloud.event_results(ident, "create")
    assert [(e["event"], e["result"], e["host"]) for e in events] == [
        ("conductor_schedule_instances", "Success", "conductor-1"),
        ("compute__do_build_and_run_instance", "Rescheduled", "compute-2"),
        ("conductor_schedule_instances", "Success", "conductor-1"),
        ("compute__do_build_and_run_instance", "Success", "compute-1"),
    ]
    assert "fail_spawn" in events[1]["details"]
    cloud.wait_at_rest()


def test_fails_on_every_host(cloud: Cloud) -> None:
    ident = cloud.create("fails everywhere")
    fault = _failed(cloud, ident, cloud.tenant)

    assert fault["code"] == 500
    told_admin = _failed(cloud, ident, cloud.admin)
    for host in ("compute-1", "compute-2"):
        assert host not in fault["message"]
        assert host in told_admin["details"]
    events = cloud.event_results(ident, "create")
    results = [e["result"] for e in events]
    assert results.count("Rescheduled") == 2
    assert results[-1] == "Error"
    server = cloud.server(ident)
    assert server["OS-EXT-SRV-ATTR:host"] is None
    assert server["OS-EXT-STS:task_state"] is None
    cloud.wait_at_rest()
    assert cloud.ledger.consumers() == set()


def test_no_valid_host(cloud: Cloud) -> None:
    flavor = cloud.new_flavor("huge", ram=4_000_000)
    ident = cloud.create("too big", flavorRef=flavor)
    told_tenant = _failed(cloud, ident, cloud.tenant)
    told_admin = _failed(cloud, ident, cloud.admin)

    assert told_tenant["message"].startswith("No valid host")
    # A tenant learns how many, an administrator which and why.
    assert "details" not in told_tenant
    for host in cloud.computes:
        assert host not in told_tenant["message"]
        assert host in told_admin["details"]
    assert "4000000" in told_admin["details"]
    assert "disabled" in told_admin["details"]
    cloud.admin.delete(f"/flavors/{flavor}")


def test_no_valid_host_in_events(cloud: Cloud) -> None:
    flavor = cloud.new_flavor("hopeless", ram=4_000_000)
    ident = cloud.create("too big", flavorRef=flavor)
    cloud.wait_status(ident, "ERROR")

    (event,) = cloud.event_results(ident, "create")
    assert event["result"] == "Error"
    assert "compute-1" in event["traceback"]
    path = f"/servers/{ident}/os-instance-actions"
    (action,) = cloud.tenant.get(path)["instanceActions"]
    shown = cloud.tenant.get(f"{path}/{action['request_id']}")
    (mine,) = shown["instanceAction"]["events"]
    assert "compute-1" not in str(mine)
    assert mine["result"] == "Error"
    cloud.admin.delete(f"/flavors/{flavor}")


def test_forced_host_that_is_not_there(cloud: Cloud) -> None:
    body = cloud.body("lost", availability_zone="nova:atlantis")
    answer = cloud.admin.send("POST", "/servers", body)
    if answer.status_code == 400:
        assert "atlantis" in answer.text
        return
    ident = answer.json()["server"]["id"]
    assert "No valid host" in _failed(cloud, ident, cloud.admin)["message"]


def test_forced_host_is_never_left(cloud: Cloud) -> None:
    ident = cloud.create(
        "must go elsewhere", cloud.admin, availability_zone="nova:compute-2"
    )
    fault = _failed(cloud, ident, cloud.admin)
    assert "compute-2" in fault["details"]
    assert "compute-1" not in fault["details"]
