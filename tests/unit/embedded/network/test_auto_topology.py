# SPDX-License-Identifier: Apache-2.0
"""A network for a project that has none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures import network_service
from tests.fixtures.network_service import Client, NetworkService, together


def _path(client: Client) -> str:
    return f"auto-allocated-topology/{client.project_id}"


def test_without_default_network(alice: Client) -> None:
    refused = (409, "AutoAllocationFailure")
    for query in ("", "?fields=dry-run"):
        assert alice.refused("GET", _path(alice) + query) == refused
    assert alice.get("networks") == []


@pytest.fixture
def outer(service: NetworkService) -> Iterator[str]:
    network, _ = service.outer()
    path = f"networks/{network}"
    service.admin.put(path, network={"is_default": True})
    yield network
    service.admin.put(path, network={"is_default": False})


def test_made_once(service: NetworkService, alice: Client, outer: str) -> None:
    service.agent("auto-host", network_service.PHYSICAL)
    service.sent.clear()
    path = _path(alice)
    assert alice.get(f"{path}?fields=dry-run") == {
        "id": "dry-run=pass",
        "project_id": alice.project_id,
        "tenant_id": alice.project_id,
    }
    assert alice.get("routers") == []
    found = together(*[lambda: alice.get(path)["id"]] * 4)
    assert len(set(found)) == 1
    assert alice.get(path)["id"] == found[0]
    assert alice.get("auto-allocated-topology/None")["id"] == found[0]
    network = alice.get(f"networks/{found[0]}")
    assert network["project_id"] == alice.project_id
    [subnet] = alice.get(f"subnets?network_id={network['id']}")
    assert subnet["gateway_ip"] == "10.0.0.1"
    [router] = alice.get("routers")
    assert router["external_gateway_info"]["network_id"] == outer
    assert service.sent == ["auto-host"]
    [leg] = alice.get(f"ports?device_id={router['id']}")
    assert leg["fixed_ips"][0]["ip_address"] == "10.0.0.1"
    # Another project has its own.
    bob = service.project()
    assert bob.refused("GET", path)[0] == 403
    assert bob.get(_path(bob))["id"] != found[0]


def test_removed(service: NetworkService, alice: Client, outer: str) -> None:
    path = _path(alice)
    network = alice.get(path)["id"]
    port = alice.make("port", network_id=network)
    assert alice.refused("DELETE", path) == (409, "NetworkInUse")
    assert len(alice.get("routers")) == 1
    alice.delete(f"ports/{port['id']}")
    alice.delete(path)
    assert alice.get("routers") == []
    assert alice.refused("GET", f"networks/{network}")[0] == 404
    # And made again.
    assert alice.get(path)["id"] == network
