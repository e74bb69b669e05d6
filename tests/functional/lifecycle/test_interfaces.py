# SPDX-License-Identifier: Apache-2.0
"""Interfaces of servers: who gets a port, and what the guest is told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.fixtures.cloud import Cloud

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
