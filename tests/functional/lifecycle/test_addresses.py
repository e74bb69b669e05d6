# SPDX-License-Identifier: Apache-2.0
"""Servers get addresses and lose them, and soon show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.cloud import Cloud, wait_until

_NETWORK = "/network/v2.0"
_FIXED = "198.51.100.5"


@pytest.fixture
def inside(cloud: Cloud) -> Iterator[str]:
    """A network of the tenant, with a router to one outside."""
    admin, tenant = cloud.admin, cloud.tenant
    made = admin.post(
        f"{_NETWORK}/networks",
        {"network": {"name": "outside", "router:external": True}},
    )
    outside = made["network"]["id"]
    subnet = {"network_id": outside, "ip_version": 4, "cidr": "203.0.113.0/24"}
    admin.post(f"{_NETWORK}/subnets", {"subnet": subnet})
    ident = cloud.new_network("inside")
    (subnet_id,) = tenant.get(f"{_NETWORK}/networks/{ident}")["network"][
        "subnets"
    ]
    gateway = {"external_gateway_info": {"network_id": outside}}
    made = tenant.post(f"{_NETWORK}/routers", {"router": gateway})
    router = f"{_NETWORK}/routers/{made['router']['id']}"
    leg = {"subnet_id": subnet_id}
    tenant.call("PUT", f"{router}/add_router_interface", leg)
    yield ident
    for server in tenant.get("/servers")["servers"]:
        tenant.send("DELETE", f"/servers/{server['id']}")
    cloud.wait_at_rest()
    for ip in tenant.get(f"{_NETWORK}/floatingips")["floatingips"]:
        tenant.delete(f"{_NETWORK}/floatingips/{ip['id']}")
    tenant.call("PUT", f"{router}/remove_router_interface", leg)
    tenant.delete(router)
    tenant.delete(f"{_NETWORK}/networks/{ident}")
    admin.delete(f"{_NETWORK}/networks/{outside}")


def _act(cloud: Cloud, ident: str, **action: Any) -> None:
    path = f"/servers/{ident}/action"
    cloud.tenant.post(path, action, version="2.43")


def _wait_addresses(cloud: Cloud, ident: str, wanted: list[str]) -> None:
    """Wait until a server has these, the floating ones last."""

    def found() -> list[str]:
        shown = cloud.tenant.get(f"/servers/{ident}")["server"]["addresses"]
        return [one["addr"] for one in shown["inside"]]

    wait_until(lambda: found() == wanted, 30, f"{ident} shows {wanted}")


def test_fixed_and_floating(cloud: Cloud, inside: str) -> None:
    tenant = cloud.tenant
    ident = cloud.boot(
        "addressed", networks=[{"uuid": inside, "fixed_ip": _FIXED}]
    )
    made = tenant.post(
        "/os-floating-ips", {"pool": "outside"}, version="2.35"
    )["floating_ip"]
    floating = made["ip"]
    _act(cloud, ident, addFloatingIp={"address": floating})
    _wait_addresses(cloud, ident, [_FIXED, floating])
    shown = tenant.get(f"/os-floating-ips/{made['id']}", version="2.35")
    assert shown["floating_ip"]["instance_id"] == ident
    _act(cloud, ident, removeFloatingIp={"address": floating})
    _wait_addresses(cloud, ident, [_FIXED])

    _act(cloud, ident, addFixedIp={"networkId": inside})
    (port,) = tenant.get(f"/servers/{ident}/os-interface")[
        "interfaceAttachments"
    ]
    first, second = [ip["ip_address"] for ip in port["fixed_ips"]]
    assert first == _FIXED
    _wait_addresses(cloud, ident, [first, second])
    _act(cloud, ident, removeFixedIp={"address": first})
    _wait_addresses(cloud, ident, [second])
    found = tenant.get(f"/servers?ip={second}")["servers"]
    assert [one["id"] for one in found] == [ident]
    # The whole of it: the other one may begin with the same digits.
    assert tenant.get(f"/servers?ip=^{first}$")["servers"] == []

    # Nobody's host has to be told of a server that has none.
    tenant.post(f"/servers/{ident}/action", {"shelve": None})
    cloud.wait_status(ident, "SHELVED_OFFLOADED")
    _act(cloud, ident, addFloatingIp={"address": floating})
    _wait_addresses(cloud, ident, [second, floating])
    # Nor is forgotten what users are not shown of their ports.
    assert not cloud.ledger.vifs(ident)[0]["preserve_on_delete"]
    tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
