# SPDX-License-Identifier: Apache-2.0
"""A server's life from the request to 404, through all four daemons."""

from __future__ import annotations

import uuid

from tests.fixtures.api_client import encoded
from tests.fixtures.cloud import Cloud, wait_until

_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKH0mJ2gkYpIbNf8ZqKXnQJxYcJ3fW0Kq1"
    "u7g1s5VvQz someone@example.org"
)


def test_whole_life(cloud: Cloud) -> None:
    ident = cloud.create("whole", metadata={"role": "web"})
    accepted = cloud.tenant.get(f"/servers/{ident}")["server"]
    assert accepted["status"] in ("BUILD", "ACTIVE")

    server = cloud.wait_status(ident, "ACTIVE")

    assert server["name"] == "whole"
    assert server["metadata"] == {"role": "web"}
    assert server["OS-EXT-STS:vm_state"] == "active"
    assert server["OS-EXT-STS:task_state"] is None
    assert server["OS-EXT-STS:power_state"] == 1
    assert server["OS-EXT-SRV-ATTR:host"] == "compute-2"
    assert server["OS-EXT-AZ:availability_zone"] == "nova"
    assert server["image"]["id"] == cloud.image
    assert server["flavor"]["original_name"] == "tiny"
    assert server["OS-SRV-USG:launched_at"] is not None
    assert ident in cloud.ledger.guests()

    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    cloud.wait_at_rest()
    assert ident not in cloud.ledger.guests()


def test_console_output(cloud: Cloud) -> None:
    ident = cloud.boot("talks")
    path = f"/servers/{ident}/action"

    everything = cloud.tenant.post(path, {"os-getConsoleOutput": {}})
    last = cloud.tenant.post(path, {"os-getConsoleOutput": {"length": 1}})

    assert f"uuid {ident}" in everything["output"]
    assert "ready" in everything["output"]
    assert len(last["output"]) < len(everything["output"])


def test_actions_and_events(cloud: Cloud) -> None:
    ident = cloud.boot("recorded")
    created = cloud.event_results(ident, "create")
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    deleted = cloud.event_results(ident, "delete")

    assert [(e["event"], e["result"]) for e in created] == [
        ("conductor_schedule_instances", "Success"),
        ("compute__do_build_and_run_instance", "Success"),
    ]
    assert created[-1]["host"] == "compute-2"
    assert [(e["event"], e["result"]) for e in deleted] == [
        ("compute_terminate_instance", "Success"),
    ]
    mine = cloud.tenant.get(f"/servers/{ident}/os-instance-actions")
    assert [a["action"] for a in mine["instanceActions"]] == [
        "delete",
        "create",
    ]


def test_many_by_one_request(cloud: Cloud) -> None:
    answer = cloud.tenant.post(
        "/servers",
        cloud.body(
            "many", min_count=5, max_count=7, return_reservation_id=True
        ),
    )
    reservation = answer["reservation_id"]

    def active() -> list[str]:
        found = cloud.admin.get(
            "/servers/detail?all_tenants=1&status=ACTIVE"
            f"&reservation_id={reservation}"
        )["servers"]
        return [one["name"] for one in found] if len(found) == 7 else []

    names = wait_until(active, 30, "7 servers are ACTIVE")
    assert sorted(names) == [f"many-{number}" for number in range(1, 8)]
    cloud.wait_at_rest()


def test_key_and_user_data(cloud: Cloud) -> None:
    name = f"key-{uuid.uuid4().hex[:8]}"
    made = cloud.tenant.post(
        "/os-keypairs",
        {"keypair": {"name": name, "type": "ssh", "public_key": _KEY}},
    )
    assert made["keypair"]["name"] == name
    ident = cloud.boot("keyed", key_name=name, user_data=encoded("#!/bin/sh"))
    server = cloud.server(ident)

    assert server["key_name"] == name
    assert server["OS-EXT-SRV-ATTR:user_data"] == encoded("#!/bin/sh")

    cloud.tenant.delete(f"/os-keypairs/{name}")
    sentence = cloud.tenant.refusal(
        400, "POST", "/servers", cloud.body("late", key_name=name)
    )
    assert name in sentence


def test_new_flavor(cloud: Cloud) -> None:
    flavor = cloud.new_flavor("wide", vcpus=4, ram=512, disk=2)
    ident = cloud.boot("big", flavorRef=flavor)

    assert cloud.server(ident)["flavor"]["vcpus"] == 4
    cloud.admin.delete(f"/flavors/{flavor}")
    # The server keeps what it was made of.
    assert cloud.server(ident)["flavor"]["original_name"] == "wide"
    assert cloud.tenant.send("GET", f"/flavors/{flavor}").status_code == 404


def test_forced_host(cloud: Cloud) -> None:
    ident = cloud.boot(
        "forced", cloud.admin, availability_zone="nova:compute-1"
    )
    assert cloud.server(ident)["OS-EXT-SRV-ATTR:host"] == "compute-1"


def test_requested_host(cloud: Cloud) -> None:
    ident = cloud.boot("wished", cloud.admin, host="compute-1")
    assert cloud.server(ident)["OS-EXT-SRV-ATTR:host"] == "compute-1"


def test_only_administrators_choose_hosts(cloud: Cloud) -> None:
    forced = cloud.body("forced", availability_zone="nova:compute-1")
    cloud.tenant.refusal(403, "POST", "/servers", forced)
    wished = cloud.body("wished", host="compute-1")
    cloud.tenant.refusal(403, "POST", "/servers", wished)


def test_availability_zone(cloud: Cloud) -> None:
    zones = cloud.tenant.get("/os-availability-zone")["availabilityZoneInfo"]
    assert [zone["zoneName"] for zone in zones] == ["nova"]
    ident = cloud.boot("zoned", availability_zone="nova")
    assert cloud.server(ident)["OS-EXT-AZ:availability_zone"] == "nova"

    sentence = cloud.tenant.refusal(
        400, "POST", "/servers", cloud.body("lost", availability_zone="mars")
    )
    assert "availability zone" in sentence


def test_update(cloud: Cloud) -> None:
    ident = cloud.boot("before")
    changed = cloud.tenant.call(
        "PUT",
        f"/servers/{ident}",
        {"server": {"name": "after", "description": "told"}},
    )
    assert changed["server"]["name"] == "after"
    assert cloud.server(ident)["description"] == "told"


def test_networks_are_refused_with_a_sentence(cloud: Cloud) -> None:
    body = cloud.body("wired", networks=[{"uuid": str(uuid.uuid4())}])
    said = cloud.tenant.refusal(400, "POST", "/servers", body)
    assert "could not be found" in said
