# SPDX-License-Identifier: Apache-2.0
"""Networks over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.network_service import PHYSICAL, Client, NetworkService

PROVIDER = {
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
}


def new(**values: Any) -> dict[str, Any]:
    return {"network": values}


def flat(n: int) -> dict[str, Any]:
    return {
        "provider:network_type": "flat",
        "provider:physical_network": PHYSICAL[-n],
    }


def test_a_projects_network(alice: Client) -> None:
    made = alice.make("network", name="net", description="mine")
    assert (
        made.items()
        >= {
            "name": "net",
            "description": "mine",
            "project_id": alice.project_id,
            "tenant_id": alice.project_id,
            "status": "ACTIVE",
            "admin_state_up": True,
            "shared": False,
            "router:external": False,
            "subnets": [],
            "mtu": 1450,
            "port_security_enabled": True,
            "revision_number": 0,
            "tags": [],
            "l2_adjacency": True,
            "availability_zones": ["nova"],
        }.items()
    )
    assert not PROVIDER & made.keys()
    path = f"networks/{made['id']}"
    assert alice.get(path) == made
    changed = alice.put(path, network={"name": "other", "mtu": 1400})
    assert changed["network"]["name"] == "other"
    assert changed["network"]["mtu"] == 1400
    assert changed["network"]["revision_number"] == 1
    alice.delete(path)
    assert alice.refused("GET", path) == (404, "NetworkNotFound")


def test_what_administrators_alone_may(
    service: NetworkService, alice: Client
) -> None:
    refused = (403, "PolicyNotAuthorized")
    for name, value in (
        ("shared", True),
        ("router:external", True),
        ("is_default", True),
        ("provider:network_type", "vxlan"),
        ("provider:segmentation_id", 7),
    ):
        body = new(**{name: value})
        assert alice.refused("POST", "networks", body) == refused
        path = f"networks/{alice.make('network')['id']}"
        assert alice.refused("PUT", path, body) == refused
    # The default is no privilege.
    assert alice.make("network", shared=False)["shared"] is False
    reader = service.client(f"{alice.project_id}:reader")
    assert reader.refused("POST", "networks", new()) == refused
    path = f"networks/{alice.make('network')['id']}"
    assert reader.get(path)["id"] in path
    assert reader.refused("PUT", path, new(name="x")) == refused
    assert reader.refused("DELETE", path) == refused
    other = new(project_id="another")
    assert alice.refused("POST", "networks", other)[0] == 400
    made = service.admin.make("network", tenant_id=alice.project_id)
    assert alice.get(f"networks/{made['id']}")["id"] == made["id"]


def test_who_sees_which(
    service: NetworkService, alice: Client, bob: Client
) -> None:
    own = alice.make("network")["id"]
    shared = service.admin.make("network", shared=True)["id"]
    outer = service.admin.make("network", **{"router:external": True})["id"]
    hidden = service.admin.make("network")["id"]
    seen = {one["id"] for one in bob.get("networks")}
    assert {shared, outer} <= seen
    assert not {own, hidden} & seen
    assert bob.refused("GET", f"networks/{own}") == (404, "NetworkNotFound")
    for method, body in (("PUT", new(name="x")), ("DELETE", None)):
        for ident in (own, shared, outer):
            refused = bob.refused(method, f"networks/{ident}", body)
            assert refused == (404, "NetworkNotFound")
    assert [one["id"] for one in bob.get(f"networks?id={shared}")] == [shared]
    external = bob.get("networks?router:external=true")
    assert outer in {one["id"] for one in external}
    assert shared not in {one["id"] for one in external}


def test_segments(service: NetworkService) -> None:
    admin = service.admin
    made = admin.make("network", **flat(1))
    assert made["provider:network_type"] == "flat"
    assert made["provider:physical_network"] == PHYSICAL[-1]
    assert made["provider:segmentation_id"] is None
    assert made["mtu"] == 1500
    again = new(**flat(1))
    assert admin.refused("POST", "networks", again) == (
        409,
        "FlatNetworkInUse",
    )
    wanted = {"provider:network_type": "vxlan", "provider:segmentation_id": 77}
    made = admin.make("network", **wanted)
    assert made["provider:segmentation_id"] == 77
    assert made["provider:physical_network"] is None
    assert admin.refused("POST", "networks", new(**wanted)) == (
        409,
        "TunnelIdInUse",
    )
    found = admin.get("networks?provider:segmentation_id=77")
    assert [one["id"] for one in found] == [made["id"]]
    change = new(**{"provider:segmentation_id": 78})
    path = f"networks/{made['id']}"
    assert admin.refused("PUT", path, change) == (400, "InvalidInput")


@pytest.mark.parametrize(
    "values",
    [
        {"provider:network_type": "vlan"},
        {"provider:network_type": "flat"},
        {
            "provider:network_type": "flat",
            "provider:physical_network": "nowhere",
        },
        {**flat(2), "provider:segmentation_id": 5},
        {"provider:segmentation_id": 5},
        {
            "provider:network_type": "vxlan",
            "provider:physical_network": PHYSICAL[0],
        },
        {
            "provider:network_type": "vxlan",
            "provider:segmentation_id": 1 << 24,
        },
        {"mtu": 9000},
        {"mtu": 20},
        {"is_default": True},
        {"name": 5},
        {"name": "x" * 256},
        {"admin_state_up": "maybe"},
        {"dns_domain": "-bad-"},
        {"colour": "red"},
        {"id": "x"},
        {"availability_zone_hints": ["mars"]},
    ],
    ids=str,
)
def test_bad_values(service: NetworkService, values: dict[str, Any]) -> None:
    status, _ = service.admin.refused("POST", "networks", new(**values))
    assert status == 400


@pytest.mark.parametrize("body", [{}, [], {"network": 5}, {"networks": []}])
def test_bad_bodies(alice: Client, body: Any) -> None:
    assert alice.refused("POST", "networks", body)[0] == 400


def test_several_at_once_are_all_or_none(alice: Client) -> None:
    bulk = {"networks": [{"name": "a"}, {"name": "b"}]}
    status, body = alice("POST", "networks", bulk)
    assert status == 201
    assert [one["name"] for one in body["networks"]] == ["a", "b"]
    bulk = {"networks": [{"name": "c"}, {"name": "d", "mtu": 1}]}
    assert alice("POST", "networks", bulk)[0] == 400
    own = f"networks?project_id={alice.project_id}"
    names = {one["name"] for one in alice.get(own)}
    assert names == {"a", "b"}


def test_the_default_external_network_is_one(service: NetworkService) -> None:
    admin = service.admin
    values = {"router:external": True, "is_default": True}
    one = admin.make("network", **values)
    assert one["is_default"] is True
    refused = (409, "DefaultExternalNetworkExists")
    assert admin.refused("POST", "networks", new(**values)) == refused
    other = admin.make("network", **{"router:external": True})["id"]
    change = new(is_default=True)
    assert admin.refused("PUT", f"networks/{other}", change) == refused
    admin.put(f"networks/{one['id']}", network={"router:external": False})
    assert admin.put(f"networks/{other}", **change)["network"]["is_default"]


def test_a_shared_network_that_others_use_stays_shared(
    service: NetworkService, bob: Client
) -> None:
    admin = service.admin
    network = admin.make("network", shared=True)["id"]
    port = bob.make("port", network_id=network)["id"]
    path = f"networks/{network}"
    change = new(shared=False)
    assert admin.refused("PUT", path, change) == (409, "InvalidSharedSetting")
    bob.delete(f"ports/{port}")
    assert not admin.put(path, **change)["network"]["shared"]
    assert bob.refused("GET", path) == (404, "NetworkNotFound")


def test_a_network_with_ports_stays(
    service: NetworkService, alice: Client
) -> None:
    network, subnet = service.network(alice)
    port = alice.make("port", network_id=network)["id"]
    path = f"networks/{network}"
    assert alice.refused("DELETE", path) == (409, "NetworkInUse")
    assert alice.get(path)["subnets"] == [subnet]
    alice.delete(f"ports/{port}")
    # A DHCP server's port goes with its network.
    dhcp = service.admin.make(
        "port",
        network_id=network,
        device_owner="network:dhcp",
        project_id=alice.project_id,
    )
    alice.delete(path)
    for path in (f"subnets/{subnet}", f"ports/{dhcp['id']}"):
        assert service.admin.refused("GET", path)[0] == 404


def test_a_change_asked_for_a_revision(alice: Client) -> None:
    path = f"networks/{alice.make('network')['id']}"
    body = new(name="x")
    status, answer = alice("PUT", path, body, If_Match="revision_number=5")
    assert status == 412
    assert answer["NeutronError"]["type"] == "RevisionNumberConstraintFailed"
    status, _ = alice("PUT", path, body, If_Match="revision_number=0")
    assert status == 200
    assert alice("DELETE", path, If_Match="revision_number=0")[0] == 412
    assert alice("DELETE", path, If_Match="one")[0] == 400
    assert alice("DELETE", path, If_Match="revision_number=1")[0] == 204
