# SPDX-License-Identifier: Apache-2.0
"""Interfaces of servers: who gets a port, and what the guest is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nova_lite.metadata import network
from nova_lite.network import model
from tests.fixtures.cloud import Cloud, wait_until

_NEUTRON = "/network/v2.0"


@pytest.fixture
def net(cloud: Cloud) -> Iterator[str]:
    """A network of the tenant; its ports go before it."""
    ident = cloud.new_network("blue")
    yield ident
    for server in cloud.admin.get("/servers?all_tenants=1")["servers"]:
        cloud.admin.send("DELETE", f"/servers/{server['id']}")
    cloud.wait_at_rest(60)
    for port in cloud.ledger.ports().values():
        if port["network_id"] == ident:
            cloud.admin.send("DELETE", f"{_NEUTRON}/ports/{port['id']}")
    cloud.admin.delete(f"{_NEUTRON}/networks/{ident}")


def _new_port(cloud: Cloud, net: str, **fields: Any) -> str:
    body = {"port": {"network_id": net, **fields}}
    made = cloud.tenant.post(f"{_NEUTRON}/ports", body)
    ident: str = made["port"]["id"]
    return ident


def test_several_attach_one_port(cloud: Cloud, net: str) -> None:
    """To the same server and to another: one of them has it, once."""
    servers = [cloud.boot("one"), cloud.boot("two")]
    for _ in range(2):
        mine = _new_port(cloud, net)
        body = {"interfaceAttachment": {"port_id": mine}}
        asked = [f"/servers/{ident}/os-interface" for ident in servers * 3]
        with ThreadPoolExecutor(len(asked)) as pool:
            answers = list(
                pool.map(
                    lambda path, sent=body: cloud.tenant.send(
                        "POST", path, sent
                    ),
                    asked,
                )
            )
        codes = sorted(answer.status_code for answer in answers)
        assert codes[0] == 200, codes
        assert set(codes[1:]) <= {400, 409}, codes
        owner = cloud.ledger.ports()[mine]["device_id"]
        for ident in servers:
            held = cloud.ledger.interfaces(ident).count(mine)
            assert held == (1 if ident == owner else 0)


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
