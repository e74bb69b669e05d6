# SPDX-License-Identifier: Apache-2.0
"""Routers, their interfaces, gateways and routes, and floating IPs."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from nova_lite.db.repositories import network_agent
from tests.fixtures.network_service import Client, NetworkService

NOBODY = str(uuid.uuid4())


def _plug(client: Client, router: dict[str, Any], **what: str) -> Any:
    return client.put(f"routers/{router['id']}/add_router_interface", **what)


def _refused(
    client: Client, router: dict[str, Any], action: str, **body: Any
) -> tuple[int, str]:
    return client.refused("PUT", f"routers/{router['id']}/{action}", body)


def _outside(network_id: str | None) -> dict[str, Any]:
    return {"external_gateway_info": {"network_id": network_id}}


def test_router(alice: Client, bob: Client, service: NetworkService) -> None:
    made = alice.make("router", name="r", description="d")
    assert made["status"] == "ACTIVE"
    assert made["external_gateway_info"] is None
    assert made["routes"] == []
    assert made["admin_state_up"] is True
    assert "ha" not in made
    path = f"routers/{made['id']}"
    assert service.admin.get(path)["distributed"] is False
    assert alice.get(path) == made
    assert alice.get("routers?name=r") == [made]
    changed = alice.put(path, router={"name": "s", "admin_state_up": False})[
        "router"
    ]
    assert (changed["name"], changed["admin_state_up"]) == ("s", False)
    missing = (404, "RouterNotFound")
    for method, body in (
        ("GET", None),
        ("PUT", {"router": {"name": "mine"}}),
        ("DELETE", None),
    ):
        assert bob.refused(method, path, body) == missing
    alice.delete(path)
    assert alice.refused("GET", path) == missing


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"distributed": True}, 400),
        ({"ha": False}, 403),
        ({"routes": []}, 400),
        (_outside("no uuid"), 400),
        ({"external_gateway_info": {"enable_snat": False}}, 403),
        (_outside(NOBODY), 404),
    ],
)
def test_refused(alice: Client, values: dict[str, Any], status: int) -> None:
    body = {"router": values}
    assert alice.refused("POST", "routers", body)[0] == status


def test_gateway(service: NetworkService, alice: Client) -> None:
    outer, _ = service.outer()
    router = alice.make("router", **_outside(outer))
    info = router["external_gateway_info"]
    assert info["network_id"] == outer
    assert info["enable_snat"] is True
    [fixed] = info["external_fixed_ips"]
    assert fixed["ip_address"].startswith("203.0.113.")
    path = f"routers/{router['id']}"
    # The leg outside is nothing that its project sees.
    assert alice.get(f"ports?device_id={router['id']}") == []
    [leg] = service.admin.get(f"ports?device_id={router['id']}")
    assert leg["device_owner"] == "network:router_gateway"
    assert service.admin.refused("DELETE", f"ports/{leg['id']}") == (
        409,
        "ServicePortInUse",
    )
    chosen = {
        "network_id": outer,
        "enable_snat": False,
        "external_fixed_ips": [{"ip_address": "203.0.113.77"}],
    }
    body = {"router": {"external_gateway_info": chosen}}
    assert alice.refused("PUT", path, body)[0] == 403
    shown = service.admin.put(path, **body)["router"]["external_gateway_info"]
    assert shown["enable_snat"] is False
    assert shown["external_fixed_ips"][0]["ip_address"] == "203.0.113.77"
    chosen["external_fixed_ips"] = [{"ip_address": "203.0.113.1"}]
    assert service.admin.refused("PUT", path, body) == (400, "BadRequest")
    inner, _ = service.network(alice)
    assert alice.refused("PUT", path, {"router": _outside(inner)}) == (
        400,
        "BadRequest",
    )
    cleared = alice.put(path, router={"external_gateway_info": {}})
    assert cleared["router"]["external_gateway_info"] is None
    assert service.admin.get(f"ports?device_id={router['id']}") == []
    alice.delete(path)


def test_router_goes_with_its_gateway(
    service: NetworkService, alice: Client
) -> None:
    outer, _ = service.outer()
    router = alice.make("router", **_outside(outer))
    alice.delete(f"routers/{router['id']}")
    assert service.admin.get(f"ports?device_id={router['id']}") == []


def test_interface_by_subnet(
    service: NetworkService, alice: Client, bob: Client
) -> None:
    network, subnet = service.network(alice)
    router = alice.make("router")
    answer = _plug(alice, router, subnet_id=subnet)
    assert answer["subnet_ids"] == [subnet]
    assert answer["network_id"] == network
    port = alice.get(f"ports/{answer['port_id']}")
    assert port["device_owner"] == "network:router_interface"
    assert port["device_id"] == router["id"]
    assert port["fixed_ips"][0]["ip_address"] == "198.51.100.1"
    add = "add_router_interface"
    again = _refused(alice, router, add, subnet_id=subnet)
    assert again == (400, "BadRequest")
    other = alice.make("router")
    assert _refused(alice, other, add, subnet_id=subnet) == (
        409,
        "IpAddressAlreadyAllocated",
    )
    _, theirs = service.network(bob)
    assert _refused(alice, router, add, subnet_id=theirs) == (
        404,
        "SubnetNotFound",
    )
    _, overlapping = service.network(alice, cidr="198.51.100.0/25")
    assert _refused(alice, router, add, subnet_id=overlapping) == (
        400,
        "BadRequest",
    )
    assert alice.refused("DELETE", f"routers/{router['id']}") == (
        409,
        "RouterInUse",
    )
    remove = "remove_router_interface"
    assert _refused(alice, router, remove, subnet_id=overlapping) == (
        404,
        "RouterInterfaceNotFoundForSubnet",
    )
    gone = alice.put(f"routers/{router['id']}/{remove}", subnet_id=subnet)
    assert gone["port_id"] == port["id"]
    assert alice.refused("GET", f"ports/{port['id']}")[0] == 404
    alice.delete(f"routers/{router['id']}")


def test_nobody_is_the_gateway_of_a_shared_network(
    service: NetworkService, alice: Client
) -> None:
    admin = service.admin
    shared = admin.make("network", shared=True)["id"]
    subnet = admin.make(
        "subnet", network_id=shared, ip_version=4, cidr="198.51.100.0/24"
    )["id"]
    router = alice.make("router")
    add = "add_router_interface"
    refused = (400, "BadRequest")
    assert _refused(alice, router, add, subnet_id=subnet) == refused
    # An address of the pool is nobody else's business.
    port = alice.make("port", network_id=shared)
    _plug(alice, router, port_id=port["id"])
    theirs = alice.make("router")
    assert _plug(admin, theirs, subnet_id=subnet)["network_id"] == shared


def test_interface_by_port(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    router = alice.make("router")
    port = alice.make("port", network_id=network)
    answer = _plug(alice, router, port_id=port["id"])
    assert answer["subnet_id"] == subnet
    add, remove = "add_router_interface", "remove_router_interface"
    assert _refused(alice, router, add, port_id=port["id"]) == (
        409,
        "PortInUse",
    )
    for body in (
        {},
        {"port_id": "7"},
        {"port_id": NOBODY, "subnet_id": NOBODY},
    ):
        assert _refused(alice, router, add, **body) == (400, "BadRequest")
    assert _refused(alice, router, add, port_id=NOBODY) == (
        404,
        "PortNotFound",
    )
    assert _refused(alice, router, remove, port_id=NOBODY) == (
        404,
        "RouterInterfaceNotFound",
    )
    assert _refused(
        alice, router, remove, port_id=port["id"], subnet_id=NOBODY
    ) == (400, "SubnetMismatchForPort")
    assert alice.refused("DELETE", f"ports/{port['id']}") == (
        409,
        "ServicePortInUse",
    )
    alice.put(f"routers/{router['id']}/{remove}", port_id=port["id"])
    assert alice.refused("GET", f"ports/{port['id']}")[0] == 404


def test_no_leg_by_hand(
    service: NetworkService, alice: Client, bob: Client
) -> None:
    """Or bob's network were on alice's router."""
    router = alice.make("router")
    network, _ = service.network(bob)
    leg = {
        "device_id": router["id"],
        "device_owner": "network:router_interface",
    }
    refused = (409, "DeviceIDNotOwnedByTenant")
    body = {"port": {"network_id": network, **leg}}
    assert bob.refused("POST", "ports", body) == refused
    assert service.admin.refused("POST", "ports", body) == refused
    port = bob.make("port", network_id=network, device_id=router["id"])
    path = f"ports/{port['id']}"
    assert bob.refused("PUT", path, {"port": leg}) == refused
    assert alice.get(f"ports?device_id={router['id']}") == []


def test_port_without_address(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    port = alice.make("port", network_id=network, fixed_ips=[])
    router = alice.make("router")
    assert _refused(
        alice, router, "add_router_interface", port_id=port["id"]
    ) == (400, "BadRequest")


def test_ipv6_prefixes_share_a_leg(
    service: NetworkService, alice: Client
) -> None:
    network, first = service.network(alice, ip_version=6, cidr="fd00:1::/64")
    second = alice.make(
        "subnet", network_id=network, ip_version=6, cidr="fd00:2::/64"
    )["id"]
    router = alice.make("router")
    one = _plug(alice, router, subnet_id=first)
    two = _plug(alice, router, subnet_id=second)
    assert one["port_id"] == two["port_id"]
    leg = alice.get(f"ports/{one['port_id']}")
    assert {ip["ip_address"] for ip in leg["fixed_ips"]} == {
        "fd00:1::1",
        "fd00:2::1",
    }
    remove = f"routers/{router['id']}/remove_router_interface"
    alice.put(remove, subnet_id=first)
    [left] = alice.get(f"ports/{one['port_id']}")["fixed_ips"]
    assert left["subnet_id"] == second


def test_routes(service: NetworkService, alice: Client) -> None:
    _, subnet = service.network(alice)
    router = alice.make("router")
    _plug(alice, router, subnet_id=subnet)
    path = f"routers/{router['id']}"
    route = {"destination": "203.0.113.0/25", "nexthop": "198.51.100.9"}
    changed = alice.put(path, router={"routes": [route]})
    assert changed["router"]["routes"] == [route]
    other = route | {"destination": "203.0.113.128/25"}
    more = alice.put(
        f"{path}/add_extraroutes", router={"routes": [route, other]}
    )
    assert more["router"]["routes"] == [route, other]
    assert _refused(
        alice, router, "remove_router_interface", subnet_id=subnet
    ) == (409, "RouterInterfaceInUseByRoute")
    fewer = alice.put(f"{path}/remove_extraroutes", router={"routes": [route]})
    assert fewer["router"]["routes"] == [other]
    for bad in ("192.0.2.1", "198.51.100.1", "fd00::1"):
        body = {"router": {"routes": [route | {"nexthop": bad}]}}
        assert alice.refused("PUT", path, body) == (400, "InvalidRoutes")
    many = [
        {"destination": f"192.0.2.{n}/32", "nexthop": "198.51.100.9"}
        for n in range(31)
    ]
    body = {"router": {"routes": many}}
    assert alice.refused("PUT", path, body) == (400, "RoutesExhausted")
    body = {"router": {"routes": [{"destination": "192.0.2.0/24"}]}}
    assert alice.refused("PUT", path, body)[0] == 400
    cleared = alice.put(path, router={"routes": None})
    assert cleared["router"]["routes"] == []


# --- floating IPs ------------------------------------------------------------


@pytest.fixture
def reached(
    service: NetworkService, alice: Client
) -> tuple[str, str, dict[str, Any]]:
    """An outer network, one of alice's behind a router, the router."""
    outer, _ = service.outer()
    network, subnet = service.network(alice)
    router = alice.make("router", **_outside(outer))
    _plug(alice, router, subnet_id=subnet)
    return outer, network, router


def test_floating_ip(
    service: NetworkService,
    alice: Client,
    bob: Client,
    reached: tuple[str, str, dict[str, Any]],
) -> None:
    outer, network, router = reached
    made = alice.make(
        "floatingip",
        floating_network_id=outer,
        dns_name="Web",
        dns_domain="example.org.",
    )
    assert made["floating_ip_address"].startswith("203.0.113.")
    assert made["status"] == "DOWN"
    assert made["port_id"] is made["router_id"] is made["port_details"] is None
    path = f"floatingips/{made['id']}"
    port = alice.make("port", network_id=network)
    address = port["fixed_ips"][0]["ip_address"]
    led = alice.put(path, floatingip={"port_id": port["id"]})["floatingip"]
    assert led["fixed_ip_address"] == address
    assert led["router_id"] == router["id"]
    assert led["port_details"]["mac_address"] == port["mac_address"]
    kept = alice.put(path, floatingip={"description": "d"})["floatingip"]
    assert (kept["port_id"], kept["description"]) == (port["id"], "d")
    assert alice.get(f"floatingips?port_id={port['id']}") == [kept]
    assert (kept["dns_name"], kept["dns_domain"]) == ("web", "example.org.")
    named = {"floatingip": {"dns_name": "other"}}
    assert alice.refused("PUT", path, named)[0] == 400
    missing = (404, "FloatingIPNotFound")
    assert bob.refused("GET", path) == missing
    assert bob.refused("DELETE", path) == missing
    # What leads through the router keeps it as it is.
    assert alice.refused(
        "PUT",
        f"routers/{router['id']}",
        {"router": {"external_gateway_info": {}}},
    ) == (409, "RouterExternalGatewayInUseByFloatingIp")
    subnet = port["fixed_ips"][0]["subnet_id"]
    assert _refused(
        alice, router, "remove_router_interface", subnet_id=subnet
    ) == (409, "RouterInterfaceInUseByFloatingIP")
    # No agent can carry the router, so it leads nowhere yet.
    assert kept["status"] == "DOWN"
    assert alice.get("floatingips?status=DOWN") == [kept]
    assert alice.get("floatingips?status=ACTIVE") == []
    gone = alice.put(path, floatingip={"port_id": None})["floatingip"]
    assert gone["fixed_ip_address"] is gone["router_id"] is None
    alice.delete(path)
    assert alice.refused("GET", path) == missing
    assert service.admin.get(f"ports?device_id={made['id']}") == []


def test_floating_ip_follows_its_port(
    alice: Client, reached: tuple[str, str, dict[str, Any]]
) -> None:
    outer, network, _ = reached
    port = alice.make("port", network_id=network)
    made = alice.make(
        "floatingip", floating_network_id=outer, port_id=port["id"]
    )
    assert made["port_id"] == port["id"]
    body = {
        "floatingip": {"floating_network_id": outer, "port_id": port["id"]}
    }
    assert alice.refused("POST", "floatingips", body) == (
        409,
        "FloatingIPPortAlreadyAssociated",
    )
    alice.delete(f"ports/{port['id']}")
    left = alice.get(f"floatingips/{made['id']}")
    assert left["port_id"] is left["fixed_ip_address"] is None
    assert left["router_id"] is None


def test_idle_floating_ips_go_with_their_network(
    service: NetworkService,
    alice: Client,
    reached: tuple[str, str, dict[str, Any]],
) -> None:
    outer, network, router = reached
    idle = alice.make("floatingip", floating_network_id=outer)
    alice.put(f"floatingips/{idle['id']}/tags", tags=["t"])
    used = alice.make(
        "floatingip",
        floating_network_id=outer,
        port_id=alice.make("port", network_id=network)["id"],
    )
    assert service.admin.refused("DELETE", f"networks/{outer}") == (
        409,
        "NetworkInUse",
    )
    left = alice.get(f"floatingips?floating_network_id={outer}")
    assert {one["id"] for one in left} == {idle["id"], used["id"]}
    alice.delete(f"floatingips/{used['id']}")
    alice.put(f"routers/{router['id']}", router={"external_gateway_info": {}})
    service.admin.delete(f"networks/{outer}")
    assert alice.get("floatingips") == []
    assert service.admin.get(f"ports?network_id={outer}") == []


def test_floating_ip_refusals(
    service: NetworkService,
    alice: Client,
    bob: Client,
    reached: tuple[str, str, dict[str, Any]],
) -> None:
    outer, network, _ = reached
    inner, _ = service.network(alice, cidr="198.51.100.128/25")
    two = alice.make(
        "port",
        network_id=network,
        fixed_ips=[
            {"ip_address": "198.51.100.7"},
            {"ip_address": "198.51.100.8"},
        ],
    )
    bare = alice.make("port", network_id=network, fixed_ips=[])
    apart = alice.make("port", network_id=inner)
    bobs = bob.make("port", network_id=service.network(bob)[0])
    bad = (400, "BadRequest")
    for values, refusal in (
        ({"floating_network_id": inner}, bad),
        ({"floating_network_id": NOBODY}, bad),
        ({"port_id": NOBODY}, (404, "PortNotFound")),
        ({"port_id": bobs["id"]}, (404, "PortNotFound")),
        ({"port_id": two["id"]}, bad),
        ({"port_id": bare["id"]}, bad),
        ({"port_id": two["id"], "fixed_ip_address": "198.51.100.9"}, bad),
        ({"port_id": two["id"], "fixed_ip_address": "fd00::9"}, bad),
        ({"fixed_ip_address": "198.51.100.7"}, bad),
        (
            {"port_id": apart["id"]},
            (404, "ExternalGatewayForFloatingIPNotFound"),
        ),
        (
            {"floating_ip_address": "203.0.113.50"},
            (403, "PolicyNotAuthorized"),
        ),
        ({"dns_name": "web"}, bad),
        ({"dns_domain": "example.org."}, bad),
        (
            {"dns_name": "a_b", "dns_domain": "example.org."},
            (400, "HTTPBadRequest"),
        ),
    ):
        body = {"floatingip": {"floating_network_id": outer, **values}}
        assert alice.refused("POST", "floatingips", body) == refusal, values
    # Nothing of all that is left.
    assert alice.get("floatingips") == []
    made = alice.make(
        "floatingip",
        floating_network_id=outer,
        port_id=two["id"],
        fixed_ip_address="198.51.100.8",
    )
    assert made["fixed_ip_address"] == "198.51.100.8"
    chosen = {
        "floating_network_id": outer,
        "floating_ip_address": "203.0.113.50",
    }
    made = service.admin.make("floatingip", **chosen)
    assert made["floating_ip_address"] == "203.0.113.50"
    assert service.admin.refused(
        "POST", "floatingips", {"floatingip": chosen}
    ) == (409, "IpAddressAlreadyAllocated")


# --- where routers live ------------------------------------------------------


def test_router_lives_where_its_network_is(
    service: NetworkService, alice: Client
) -> None:
    outer, physical = service.outer()
    service.agent("l3-far", ["elsewhere"])
    service.agent("l3-near", [physical])
    service.sent.clear()
    router = alice.make("router", **_outside(outer))
    assert service.sent == ["l3-near"]
    path = f"routers/{router['id']}/l3-agents"
    assert [one["host"] for one in service.admin.get(path)] == ["l3-near"]
    assert alice.refused("GET", path)[0] == 403
    _, subnet = service.network(alice)
    port_id = _plug(alice, router, subnet_id=subnet)["port_id"]
    leg = service.admin.get(f"ports/{port_id}")
    assert leg["binding:host_id"] == "l3-near"
    service.sent.clear()
    alice.put(
        f"routers/{router['id']}/remove_router_interface", subnet_id=subnet
    )
    assert service.sent == ["l3-near"]
    alice.delete(f"routers/{router['id']}")
    assert service.sent == ["l3-near", "l3-near"]


def test_a_disabled_agent_keeps_its_routers_and_gets_no_more(
    service: NetworkService, alice: Client
) -> None:
    outer, physical = service.outer()
    service.agent("l3-off", [physical])
    before = alice.make("router", **_outside(outer))
    [agent] = service.admin.get("agents?host=l3-off")
    path = f"agents/{agent['id']}"
    values = {"admin_state_up": False, "description": "to be repaired"}
    changed = service.admin.put(path, agent=values)["agent"]
    assert changed == {**agent, **values}
    assert service.admin.get(path) == changed
    assert service.admin.get("agents?admin_state_up=false") == [changed]

    def hosts(router: dict[str, Any]) -> list[str]:
        found = service.admin.get(f"routers/{router['id']}/l3-agents")
        return [one["host"] for one in found]

    after = alice.make("router", **_outside(outer))
    network_agent.place_orphans(60)
    assert hosts(after) == []
    service.agent("l3-on", [physical])
    network_agent.place_orphans(60)
    assert (hosts(before), hosts(after)) == (["l3-off"], ["l3-on"])
    # What it carries already may change as before.
    _, subnet = service.network(alice)
    _plug(alice, before, subnet_id=subnet)
    assert hosts(before) == ["l3-off"]

    for body, status in (
        ({"agent": {"host": "other"}}, 400),
        ({"agent": {"admin_state_up": "maybe"}}, 400),
        ({"agent": {"colour": "red"}}, 400),
        ({"agent": []}, 400),
        ({}, 400),
    ):
        assert service.admin.refused("PUT", path, body)[0] == status
    for method in ("PUT", "DELETE"):
        refusal = alice.refused(method, path, {"agent": {}})
        assert refusal == (404, "AgentNotFound")
    assert service.admin.refused("DELETE", path) == (409, "AgentInUse")
    on = service.admin.put(path, agent={"admin_state_up": True})["agent"]
    assert (on["admin_state_up"], on["description"]) == (
        True,
        "to be repaired",
    )


def test_agents(service: NetworkService, alice: Client) -> None:
    service.agent("agent-alive", ["somewhere"])
    service.agent("agent-dead", alive=False)
    found = {one["host"]: one for one in service.admin.get("agents")}
    assert found["agent-alive"]["alive"] is True
    assert found["agent-dead"]["alive"] is False
    assert found["agent-alive"]["binary"] == "nova-lite-netd"
    agent = service.admin.get("agents?host=agent-dead")
    assert agent == [found["agent-dead"]]
    path = f"agents/{agent[0]['id']}"
    assert service.admin.get(path) == agent[0]
    assert alice.get("agents") == []
    assert alice.refused("GET", path) == (404, "AgentNotFound")
    assert service.admin.refused("GET", "agents?colour=red")[0] == 400
    service.admin.delete(path)
    assert service.admin.get("agents?host=agent-dead") == []
    zones = alice.get("availability_zones")
    assert {
        "name": "nova",
        "resource": "router",
        "state": "available",
    } in zones


def test_capacities(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    alice.make("port", network_id=network)
    path = f"network-ip-availabilities/{network}"
    found = service.admin.get(path)
    assert (found["total_ips"], found["used_ips"]) == (253, 1)
    [inside] = found["subnet_ip_availability"]
    assert (inside["subnet_id"], inside["used_ips"]) == (subnet, 1)
    every = service.admin.get(
        f"network-ip-availabilities?network_id={network}"
    )
    assert every == [found]
    assert alice.refused("GET", path)[0] == 404
    assert alice.get("network-ip-availabilities") == []
