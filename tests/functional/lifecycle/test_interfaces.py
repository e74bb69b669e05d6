# SPDX-License-Identifier: Apache-2.0
"""Interfaces of servers: who gets a port, and what the guest is told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from nova_lite.metadata import network
from nova_lite.network import model
from tests.fixtures.cloud import Cloud, wait_until

_NEUTRON = "/network/v2.0"


def test_one_port_that_many_ask_for(cloud: Cloud, net: str) -> None:
    """Servers that run, and one to be made: one of them has it, once."""
    mine = cloud.new_port(net)
    attach = {"interfaceAttachment": {"port_id": mine}}
    running = [cloud.boot("one"), cloud.boot("two")]
    asked = [(f"/servers/{ident}/os-interface", attach) for ident in running]
    asked.insert(1, ("/servers", cloud.body("new", networks=[{"port": mine}])))
    with ThreadPoolExecutor(7) as pool:
        answers = list(
            pool.map(
                lambda one: cloud.tenant.send("POST", *one),
                [*asked, *asked, asked[0]],
            )
        )
    codes = sorted(answer.status_code for answer in answers)
    assert set(codes) <= {200, 202, 400, 409}, codes
    servers = cloud.tenant.get("/servers")["servers"]

    def ended() -> list[str]:
        found = [cloud.server(one["id"])["status"] for one in servers]
        return found if set(found) <= {"ACTIVE", "ERROR"} else []

    made = wait_until(ended, 60, "what was asked for has ended")
    # The others of those that were accepted failed when they were built.
    assert made.count("ACTIVE") - len(running) + codes.count(200) == 1
    owner = cloud.ledger.ports()[mine]["device_id"]
    holding = [
        one["id"]
        for one in servers
        for port in cloud.ledger.interfaces(one["id"])
        if port == mine
    ]
    assert holding == [owner]


def _told(cloud: Cloud, ident: str) -> dict[str, str]:
    """The addresses that a server's tags have, as its metadata has them."""
    devices = network.devices(model.load(cloud.ledger.vifs(ident)))
    assert {one["bus"] for one in devices} == {"pci"}
    return {one["tags"][0]: one["address"] for one in devices}


def test_the_guest_is_told_where_its_cards_are(cloud: Cloud, net: str) -> None:
    group = cloud.tenant.post(
        f"{_NEUTRON}/security-groups", {"security_group": {"name": "web"}}
    )["security_group"]["id"]
    ident = cloud.boot(
        "tagged",
        networks=[{"uuid": net}, {"uuid": net, "tag": "front"}],
        security_groups=[{"name": "web"}],
        config_drive=True,
    )
    (path,) = cloud.directory.glob(f"*/instances/fake/*/{ident}.json")
    drive = json.loads(path.read_text())["config_drive"]
    meta = json.loads(drive["openstack/latest/meta_data.json"])
    (device,) = meta["devices"]
    assert (device["bus"], device["address"]) == ("pci", "0000:00:04.0")
    ec2 = json.loads(drive["ec2/latest/meta-data.json"])
    assert ec2["security-groups"] == ["web"]
    assert _told(cloud, ident) == {"front": "0000:00:04.0"}

    server = f"/servers/{ident}"
    asked = {"interfaceAttachment": {"net_id": net, "tag": "back"}}
    cloud.tenant.post(f"{server}/os-interface", asked)
    assert _told(cloud, ident)["back"] == "0000:00:05.0"
    first, _, _ = cloud.ledger.interfaces(ident)
    cloud.tenant.delete(f"{server}/os-interface/{first}")
    cloud.wait_at_rest()
    cloud.tenant.post(f"{server}/action", {"reboot": {"type": "HARD"}})
    cloud.wait_at_rest()
    moved = {"front": "0000:00:03.0", "back": "0000:00:04.0"}
    assert _told(cloud, ident) == moved
    # News of the network service leave what only we know.
    cloud.tenant.call(
        "PUT",
        f"{_NEUTRON}/ports/{cloud.ledger.interfaces(ident)[0]}",
        {"port": {"fixed_ips": [{"ip_address": "198.51.100.99"}]}},
    )
    wait_until(
        lambda: "198.51.100.99" in json.dumps(cloud.server(ident)),
        60,
        "the server has its new address",
    )
    assert _told(cloud, ident) == moved
    cloud.tenant.delete(server)
    cloud.wait_gone(ident)
    cloud.tenant.delete(f"{_NEUTRON}/security-groups/{group}")
