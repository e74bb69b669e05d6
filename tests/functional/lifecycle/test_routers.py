# SPDX-License-Identifier: Apache-2.0
"""Where routers live: with an agent that works, as conductor sees to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from nova_lite.db.models.base import now
from tests.fixtures.cloud import Cloud, wait_until

_V2 = "/network/v2.0"
_HOUR = datetime.timedelta(hours=1)
_HOSTS = ("l3-first", "l3-second")


@pytest.fixture
def outer(cloud: Cloud) -> Iterator[str]:
    """An external network, and two hosts that have no agent yet."""
    body = {
        "network": {
            "name": "outer",
            "router:external": True,
            "provider:network_type": "flat",
            "provider:physical_network": "public",
        }
    }
    ident: str = cloud.admin.post(f"{_V2}/networks", body)["network"]["id"]
    subnet = {
        "network_id": ident,
        "ip_version": 4,
        "cidr": "203.0.113.0/24",
        "enable_dhcp": False,
    }
    cloud.admin.post(f"{_V2}/subnets", {"subnet": subnet})
    yield ident
    for host in _HOSTS:
        cloud.ledger.drop_agent(host)
    cloud.admin.delete(f"{_V2}/networks/{ident}")


def test_router_leaves_a_dead_agent(cloud: Cloud, outer: str) -> None:
    first, second = _HOSTS
    cloud.ledger.put_agent(first, "public", now() + _HOUR)
    body = {"router": {"external_gateway_info": {"network_id": outer}}}
    router = cloud.tenant.post(f"{_V2}/routers", body)["router"]["id"]
    path = f"{_V2}/routers/{router}"

    def hosts() -> list[str]:
        found = cloud.admin.get(f"{path}/l3-agents")["agents"]
        return [agent["host"] for agent in found]

    assert hosts() == [first]
    cloud.ledger.put_agent(first, "public", now() - _HOUR)
    cloud.ledger.put_agent(second, "public", now() + _HOUR)
    wait_until(lambda: hosts() == [second], 30, "a router that moves")
    query = f"{_V2}/ports?device_id={router}"
    (leg,) = cloud.admin.get(query)["ports"]
    assert leg["binding:host_id"] == second
    cloud.tenant.delete(path)
