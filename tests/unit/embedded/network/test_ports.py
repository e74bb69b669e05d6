# SPDX-License-Identifier: Apache-2.0
"""Ports over REST: addresses, security, devices, binding."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from nova_lite.db import session
from nova_lite.network import addressing
from tests.fixtures.network_service import Client, NetworkService

BINDING = {
    "binding:host_id",
    "binding:profile",
    "binding:vif_type",
    "binding:vif_details",
}
SLAAC = {
    "ip_version": 6,
    "cidr": "fd00:1::/64",
    "ipv6_ra_mode": "slaac",
    "ipv6_address_mode": "slaac",
}
STATEFUL = {
    "ip_version": 6,
    "cidr": "fd00:2::/64",
    "ipv6_ra_mode": "dhcpv6-stateful",
    "ipv6_address_mode": "dhcpv6-stateful",
}


def new(network: str, **values: Any) -> dict[str, Any]:
    return {"port": {"network_id": network, **values}}


def addresses(port: dict[str, Any]) -> list[str]:
    return [one["ip_address"] for one in port["fixed_ips"]]


def default_group(client: Client) -> str:
    return str(client.get("security-groups?name=default")[0]["id"])


def test_defaults(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    made = alice.make("port", network_id=network)
    assert (
        made.items()
        >= {
            "name": "",
            "network_id": network,
            "project_id": alice.project_id,
            "status": "DOWN",
            "admin_state_up": True,
            "device_id": "",
            "device_owner": "",
            "port_security_enabled": True,
            "allowed_address_pairs": [],
            "security_groups": [default_group(alice)],
            "binding:vnic_type": "normal",
        }.items()
    )
    assert not BINDING & made.keys()
    assert made["mac_address"].startswith("fa:16:3e:")
    assert [one["subnet_id"] for one in made["fixed_ips"]] == [subnet]
    address = addresses(made)[0]
    assert ip_address(address) in ip_network("198.51.100.0/24")
    assert made["dns_assignment"] == [
        {
            "ip_address": address,
            "hostname": f"host-{address.replace('.', '-')}",
            "fqdn": f"host-{address.replace('.', '-')}.openstacklocal.",
        }
    ]
    assert alice.get(f"ports/{made['id']}") == made
    alice.delete(f"ports/{made['id']}")
    assert alice.refused("GET", f"ports/{made['id']}") == (404, "PortNotFound")


def test_each_ip_version(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    auto = alice.make("subnet", network_id=network, **SLAAC)["id"]
    stateful = alice.make("subnet", network_id=network, **STATEFUL)["id"]
    made = alice.make("port", network_id=network)
    found = {one["subnet_id"]: one["ip_address"] for one in made["fixed_ips"]}
    assert found.keys() == {subnet, auto, stateful}
    mac = made["mac_address"]
    assert found[auto] == addressing.eui64("fd00:1::/64", mac)
    assert ip_address(found[stateful]) in ip_network("fd00:2::/64")
    # Asking for one address leaves the automatic one.
    made = alice.make(
        "port", network_id=network, fixed_ips=[{"subnet_id": subnet}]
    )
    assert {one["subnet_id"] for one in made["fixed_ips"]} == {subnet, auto}
    body = new(network, fixed_ips=[{"ip_address": "fd00:1::5"}])
    assert alice.refused("POST", "ports", body) == (
        400,
        "AllocationOnAutoAddressSubnet",
    )
    assert (
        alice.make("port", network_id=network, fixed_ips=[])["fixed_ips"] == []
    )


def test_addresses_asked_for(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    wanted = [
        {"ip_address": "198.51.100.77"},
        {"subnet_id": subnet, "ip_address": "198.51.100.78"},
        {"subnet_id": subnet},
    ]
    made = alice.make("port", network_id=network, fixed_ips=wanted)
    assert addresses(made)[:2] == ["198.51.100.77", "198.51.100.78"]
    assert len(set(addresses(made))) == 3
    # Also one that no pool has: the gateway's.
    alice.make(
        "port", network_id=network, fixed_ips=[{"ip_address": "198.51.100.1"}]
    )
    two = [{"subnet_id": subnet}] * 2
    made = alice.make("port", network_id=network, fixed_ips=two)
    assert len(set(addresses(made))) == 2
    elsewhere = service.network(alice, cidr="203.0.113.0/24")[1]
    for fixed_ips, refused in (
        (
            [{"ip_address": "198.51.100.77"}],
            (409, "IpAddressAlreadyAllocated"),
        ),
        ([{"ip_address": "203.0.113.5"}], (400, "InvalidIpForNetwork")),
        ([{"ip_address": "198.51.100.0"}], (400, "InvalidIpForNetwork")),
        (
            [{"subnet_id": subnet, "ip_address": "203.0.113.5"}],
            (400, "InvalidIpForSubnet"),
        ),
        ([{"subnet_id": elsewhere}], (400, "InvalidInput")),
        ([{}], (400, "InvalidInput")),
        ([{"subnet_id": subnet, "port": 5}], (400, "HTTPBadRequest")),
        ([{"ip_address": "300.1.1.1"}], (400, "HTTPBadRequest")),
        (
            [
                {"ip_address": "198.51.100.9"},
                {"subnet_id": subnet, "ip_address": "198.51.100.9"},
            ],
            (400, "HTTPBadRequest"),
        ),
        (
            [{"ip_address": f"198.51.100.{n}"} for n in range(20, 26)],
            (400, "InvalidInput"),
        ),
    ):
        body = new(network, fixed_ips=fixed_ips)
        assert alice.refused("POST", "ports", body) == refused


def test_an_address_asked_for_is_drawn_for_no_other(
    service: NetworkService, alice: Client
) -> None:
    network, subnet = service.network(alice, cidr="198.51.100.0/29")
    named = [{"ip_address": f"198.51.100.{n}"} for n in range(2, 6)]
    wanted = [{"subnet_id": subnet}, *named]
    made = alice.make("port", network_id=network, fixed_ips=wanted)
    assert "198.51.100.6" in addresses(made)


def test_a_pool_comes_to_its_end(
    service: NetworkService, alice: Client
) -> None:
    network, subnet = service.network(alice, cidr="198.51.100.0/27")
    bulk = {"ports": [{"network_id": network}] * 29}
    status, body = alice("POST", "ports", bulk)
    assert status == 201
    found = {one for port in body["ports"] for one in addresses(port)}
    assert found == {f"198.51.100.{n}" for n in range(2, 31)}
    for fixed_ips in ({}, {"fixed_ips": [{"subnet_id": subnet}]}):
        refused = alice.refused("POST", "ports", new(network, **fixed_ips))
        assert refused == (409, "IpAddressGenerationFailure")
    # Another subnet of the network helps.
    alice.make(
        "subnet", network_id=network, ip_version=4, cidr="203.0.113.0/30"
    )
    made = alice.make("port", network_id=network)
    assert addresses(made) == ["203.0.113.2"]
    alice.delete(f"ports/{body['ports'][0]['id']}")
    assert addresses(alice.make("port", network_id=network)) == addresses(
        body["ports"][0]
    )


def test_changed_addresses(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    made = alice.make("port", network_id=network)
    path = f"ports/{made['id']}"
    first = addresses(made)[0]

    def put(fixed_ips: Any) -> list[str]:
        body = {"fixed_ips": fixed_ips}
        return addresses(alice.put(path, port=body)["port"])

    both = put([{"subnet_id": subnet}, {"ip_address": "198.51.100.200"}])
    assert set(both) == {first, "198.51.100.200"}
    assert put([{"ip_address": "198.51.100.201"}]) == ["198.51.100.201"]
    assert put([]) == []
    other = alice.make("port", network_id=network)
    body = {"port": {"fixed_ips": [{"ip_address": addresses(other)[0]}]}}
    assert alice.refused("PUT", path, body) == (
        409,
        "IpAddressAlreadyAllocated",
    )
    # What was let go can be had again.
    alice.make("port", network_id=network, fixed_ips=[{"ip_address": first}])


def test_mac_addresses(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    mac = "02:00:00:00:00:01"
    made = alice.make("port", network_id=network, mac_address=mac.upper())
    assert made["mac_address"] == mac
    body = new(network, mac_address=mac)
    assert alice.refused("POST", "ports", body) == (409, "MacAddressInUse")
    for bad in ("", "x", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", 5):
        body = new(network, mac_address=bad)
        assert alice.refused("POST", "ports", body) == (400, "HTTPBadRequest")
    path = f"ports/{made['id']}"
    change = {"port": {"mac_address": "02:00:00:00:00:02"}}
    changed = alice.put(path, **change)["port"]
    assert changed["mac_address"] == "02:00:00:00:00:02"
    service.admin.put(path, port={"binding:host_id": "host"})
    change = {"port": {"mac_address": mac}}
    assert alice.refused("PUT", path, change) == (409, "PortBound")


def test_port_security(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    group = alice.make("security_group")["id"]
    made = alice.make("port", network_id=network, security_groups=[group])
    assert made["security_groups"] == [group]
    path = f"ports/{made['id']}"
    off = {"port_security_enabled": False}
    assert alice.refused("PUT", path, {"port": off}) == (
        409,
        "PortSecurityPortHasSecurityGroup",
    )
    changed = alice.put(path, port={**off, "security_groups": []})["port"]
    assert changed["security_groups"] == []
    assert changed["port_security_enabled"] is False
    bare = alice.make("port", network_id=network, **off)
    assert bare["security_groups"] == []
    assert (
        alice.make("port", network_id=network, security_groups=[])[
            "security_groups"
        ]
        == []
    )
    pair = {"ip_address": "203.0.113.0/24"}
    for values, refused in (
        (
            {**off, "security_groups": [group]},
            (400, "PortSecurityAndIPRequiredForSecurityGroups"),
        ),
        (
            {**off, "allowed_address_pairs": [pair]},
            (409, "AddressPairAndPortSecurityRequired"),
        ),
        (
            {"security_groups": ["11111111-1111-4111-8111-111111111111"]},
            (404, "SecurityGroupNotFound"),
        ),
        ({"security_groups": ["default"]}, (400, "HTTPBadRequest")),
    ):
        body = new(network, **values)
        assert alice.refused("POST", "ports", body) == refused


def test_a_network_without_port_security(
    service: NetworkService, alice: Client
) -> None:
    network = alice.make("network", port_security_enabled=False)["id"]
    made = alice.make("port", network_id=network)
    assert made["port_security_enabled"] is False
    assert made["security_groups"] == []
    made = alice.make("port", network_id=network, port_security_enabled=True)
    assert made["security_groups"] == [default_group(alice)]


def test_another_projects_group_is_not_there(
    service: NetworkService, alice: Client, bob: Client
) -> None:
    network, _ = service.network(alice)
    group = bob.make("security_group")["id"]
    body = new(network, security_groups=[group])
    assert alice.refused("POST", "ports", body) == (
        404,
        "SecurityGroupNotFound",
    )
    path = f"ports/{alice.make('port', network_id=network)['id']}"
    body = {"port": {"security_groups": [group]}}
    assert alice.refused("PUT", path, body) == (404, "SecurityGroupNotFound")


def test_address_pairs(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    pairs = [
        {"ip_address": "203.0.113.0/24"},
        {"ip_address": "203.0.113.9", "mac_address": "02:00:00:00:00:05"},
    ]
    made = alice.make("port", network_id=network, allowed_address_pairs=pairs)
    assert made["allowed_address_pairs"] == [
        {**pairs[0], "mac_address": made["mac_address"]},
        pairs[1],
    ]
    path = f"ports/{made['id']}"
    own = {
        "port": {"allowed_address_pairs": [{"ip_address": addresses(made)[0]}]}
    }
    assert alice.refused("PUT", path, own) == (
        400,
        "AddressPairMatchesPortFixedIPAndMac",
    )
    changed = alice.put(path, port={"allowed_address_pairs": []})["port"]
    assert changed["allowed_address_pairs"] == []
    for bad in ([{}], [{"ip_address": "x"}], "all", [pairs[0]] * 2):
        body = {"port": {"allowed_address_pairs": bad}}
        assert alice.refused("PUT", path, body) == (400, "HTTPBadRequest")


def test_rights(service: NetworkService, alice: Client, bob: Client) -> None:
    network, _ = service.network(alice)
    path = f"ports/{alice.make('port', network_id=network)['id']}"
    assert bob.refused("POST", "ports", new(network)) == (
        404,
        "NetworkNotFound",
    )
    change = {"port": {"name": "x"}}
    for method, body in (("GET", None), ("PUT", change), ("DELETE", None)):
        refused = bob.refused(method, path, body)
        assert refused == (404, "PortNotFound")
    assert bob.get("ports") == []
    refused = (403, "PolicyNotAuthorized")
    for name, value in (
        ("binding:host_id", "host"),
        ("binding:profile", {"a": 1}),
    ):
        body = new(network, **{name: value})
        assert alice.refused("POST", "ports", body) == refused
        assert (
            alice.refused("PUT", path, body | {"port": {name: value}})
            == refused
        )
    assert alice.refused("PUT", path, {"port": {"network_id": network}}) == (
        400,
        "HTTPBadRequest",
    )
    body = new(network, **{"binding:vif_type": "tap"})
    assert service.admin.refused("POST", "ports", body)[0] == 400


def test_guests_of_a_shared_network(
    service: NetworkService, alice: Client, bob: Client
) -> None:
    admin = service.admin
    network = admin.make("network", shared=True)["id"]
    subnet = admin.make(
        "subnet", network_id=network, ip_version=4, cidr="198.51.100.0/24"
    )["id"]
    refused = (403, "PolicyNotAuthorized")
    for values in (
        {"mac_address": "02:00:00:00:00:07"},
        {"fixed_ips": [{"ip_address": "198.51.100.9"}]},
        {"allowed_address_pairs": [{"ip_address": "203.0.113.9"}]},
        {"device_owner": "network:dhcp"},
        {"port_security_enabled": True},
        {"port_security_enabled": False},
    ):
        assert bob.refused("POST", "ports", new(network, **values)) == refused
    made = bob.make(
        "port",
        network_id=network,
        fixed_ips=[{"subnet_id": subnet}],
        device_owner="compute:nova",
    )
    path = f"ports/{made['id']}"
    assert alice.refused("GET", path) == (404, "PortNotFound")
    for values in (
        {"mac_address": "02:00:00:00:00:07"},
        {"fixed_ips": [{"ip_address": "198.51.100.9"}]},
        {"device_owner": "network:router_interface"},
        {"port_security_enabled": False, "security_groups": []},
    ):
        assert bob.refused("PUT", path, {"port": values}) == refused
    outer = admin.make("network", **{"router:external": True})["id"]
    assert bob.refused("POST", "ports", new(outer)) == (403, "HTTPForbidden")


def test_names(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    made = alice.make("port", network_id=network, dns_name="Web")
    assert made["dns_name"] == "web"
    assert made["dns_assignment"][0]["hostname"] == "web"
    assert made["dns_assignment"][0]["fqdn"] == "web.openstacklocal."
    for bad in ("-x", "a b", "x" * 64, 5):
        body = new(network, dns_name=bad)
        assert alice.refused("POST", "ports", body) == (400, "HTTPBadRequest")


def bound(client: Client, path: str, host: str) -> tuple[str, str, Any]:
    body = {"port": {"binding:host_id": host}}
    port = client.put(path, **body)["port"]
    assert port["binding:host_id"] == host
    return (
        port["binding:vif_type"],
        port["status"],
        port["binding:vif_details"],
    )


def test_binding(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    service.agent("lives")
    service.agent("lives-too")
    service.agent("died", alive=False)
    admin = service.admin
    path = f"ports/{alice.make('port', network_id=network)['id']}"
    service.sent.clear()
    tap = ("tap", "DOWN", {"port_filter": True, "connectivity": "l2"})
    assert bound(admin, path, "lives") == tap
    assert service.sent == ["lives"]
    service.sent.clear()
    assert bound(admin, path, "lives-too") == tap
    assert service.sent == ["lives", "lives-too"]
    service.sent.clear()
    assert bound(admin, path, "died") == ("binding_failed", "DOWN", {})
    assert service.sent == ["died", "lives-too"]
    # Where nobody wires, there is nothing to wait for.
    assert bound(admin, path, "no-agent") == ("unbound", "ACTIVE", {})
    assert bound(admin, path, "") == ("unbound", "DOWN", {})
    made = admin.make(
        "port",
        network_id=network,
        **{
            "binding:host_id": "lives",
            "binding:profile": {"nova_lite_created": True},
        },
    )
    assert made["binding:vif_type"] == "tap"
    assert made["binding:profile"] == {"nova_lite_created": True}
    found = admin.get("ports?binding:host_id=lives")
    assert [one["id"] for one in found] == [made["id"]]


def test_binding_to_a_host_that_does_not_reach_the_network(
    service: NetworkService,
) -> None:
    admin = service.admin
    network, physical = service.outer()
    service.agent("near", [physical])
    service.agent("far")
    path = f"ports/{admin.make('port', network_id=network)['id']}"
    assert bound(admin, path, "near")[0] == "tap"
    assert bound(admin, path, "far") == ("binding_failed", "DOWN", {})
    assert bound(admin, path, "no-agent-at-all")[0] == "unbound"
    # Nor is a device of the host's own given away.
    admin.put(path, port={"binding:vnic_type": "direct"})
    assert bound(admin, path, "near") == ("binding_failed", "DOWN", {})


def test_a_daemon_of_the_cloud_may_bind(
    service: NetworkService, alice: Client
) -> None:
    network, _ = service.network(alice)
    nova = service.client("service:service")
    made = nova.make(
        "port",
        network_id=network,
        project_id=alice.project_id,
        device_id="server",
        device_owner="compute:nova",
        **{"binding:host_id": "somewhere"},
    )
    assert made["binding:host_id"] == "somewhere"
    assert made["security_groups"] == [default_group(alice)]
    assert alice.get(f"ports/{made['id']}")["device_id"] == "server"


def test_who_is_told(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    for host in ("one", "two", "three"):
        service.agent(host)
    admin = service.admin
    ports = [
        admin.make(
            "port",
            network_id=network,
            project_id=alice.project_id,
            **{"binding:host_id": host},
        )["id"]
        for host in ("one", "two")
    ]
    service.sent.clear()
    loose = alice.make("port", network_id=network)["id"]
    alice.put(f"ports/{loose}", port={"name": "x"})
    assert service.sent == []
    alice.put(f"ports/{ports[0]}", port={"admin_state_up": False})
    assert service.sent == ["one", "two"]
    service.sent.clear()
    alice.put(f"networks/{network}", network={"mtu": 1300})
    assert service.sent == ["one", "two"]
    service.sent.clear()
    alice.delete(f"ports/{ports[0]}")
    assert service.sent == ["one", "two"]
    service.sent.clear()
    alice.delete(f"ports/{ports[1]}")
    assert service.sent == ["two"]


def test_ports_of_routers_are_theirs(
    service: NetworkService, alice: Client
) -> None:
    _, subnet = service.network(alice)
    router = alice.make("router")["id"]
    leg = alice.put(
        f"routers/{router}/add_router_interface", subnet_id=subnet
    )["port_id"]
    for client in (alice, service.admin):
        refused = client.refused("DELETE", f"ports/{leg}")
        assert refused == (409, "ServicePortInUse")
        body = {"port": {"device_id": "other"}}
        refused = client.refused("PUT", f"ports/{leg}", body)
        assert refused == (409, "ServicePortInUse")


@pytest.mark.parametrize("ports", [1, 4])
def test_lists_take_as_many_statements_for_any_number(
    service: NetworkService, alice: Client, ports: int
) -> None:
    network, _ = service.network(alice)
    bulk = {"ports": [{"network_id": network, "device_id": "d"}] * ports}
    assert alice("POST", "ports", bulk)[0] == 201
    before = session.statements()
    assert len(alice.get("ports?device_id=d")) == ports
    # Ports, addresses, groups, tags, and SQLite's BEGIN.
    assert session.statements() - before == 5
    before = session.statements()
    assert len(alice.get("ports?fields=id")) == ports
    assert session.statements() - before == 2
    found = alice.get("ports?fields=id&fields=security_groups")
    assert {len(one["security_groups"]) for one in found} == {1}
    found = alice.get("ports?fields=dns_assignment&fields=tags")
    assert {len(one["dns_assignment"]) for one in found} == {1}


def test_statements_of_a_boot(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    service.agent("counted")
    values = {
        "network_id": network,
        "project_id": alice.project_id,
        "binding:host_id": "counted",
    }
    path = f"ports/{service.admin.make('port', **values)['id']}"
    service.admin.delete(path)
    before = session.statements()
    path = f"ports/{service.admin.make('port', **values)['id']}"
    # Lock and quota, network, agent, a free address, three rows, who is to
    # be told; and SQLite's BEGIN.
    assert session.statements() - before <= 10
    before = session.statements()
    service.admin.delete(path)
    assert session.statements() - before <= 7
