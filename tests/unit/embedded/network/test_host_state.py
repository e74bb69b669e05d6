# SPDX-License-Identifier: Apache-2.0
"""What a host's agent is to bring about, and who races for what.

On each of the three databases.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.service import Service
from nova_lite.db.repositories import (
    network_agent,
    network_state,
    security_group,
    service_query,
)
from nova_lite.network import wanted
from tests.fixtures import database, network_service
from tests.fixtures.network_service import (
    Client,
    NetworkService,
    together,
)


@pytest.fixture(scope="module", params=database.KINDS)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NetworkService]:
    directory = tmp_path_factory.mktemp("network")
    url = database.fresh_database(request.param, directory)
    with network_service.running(url, str(directory)) as running:
        yield running


@pytest.fixture
def host(service: NetworkService) -> str:
    name = f"host-{uuid.uuid4().hex[:8]}"
    service.agent(name)
    return name


def _state(host: str) -> wanted.HostState:
    return wanted.HostState.from_dict(network_state.host_state(host))


def _port(
    service: NetworkService,
    alice: Client,
    network: str,
    host: str,
    **more: Any,
) -> dict[str, Any]:
    return service.admin.make(
        "port",
        network_id=network,
        project_id=alice.project_id,
        **{
            "device_id": str(uuid.uuid4()),
            "device_owner": "compute:nova",
            "binding:host_id": host,
            **more,
        },
    )


def _guests(state: wanted.HostState) -> list[wanted.WantedPort]:
    return [
        port
        for port in state.ports
        if not port.device_owner.startswith("network:")
    ]


def test_nothing(host: str) -> None:
    assert _state(host) == wanted.HostState(
        networks=[], ports=[], groups=[], members={}, routers=[]
    )


def test_guests_port(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, subnet = service.network(alice, dns_nameservers=["203.0.113.53"])
    port = _port(
        service,
        alice,
        network,
        host,
        dns_name="web",
        allowed_address_pairs=[{"ip_address": "198.51.100.200"}],
    )
    state = _state(host)
    [found] = _guests(state)
    address = port["fixed_ips"][0]["ip_address"]
    assert found.id == port["id"]
    assert found.mac == port["mac_address"]
    assert [list(one) for one in found.fixed_ips] == [[subnet, address]]
    assert found.hostname == "web"
    assert found.status == "DOWN"
    assert [list(one) for one in found.allowed_pairs] == [
        [port["mac_address"], "198.51.100.200"]
    ]
    assert list(found.groups) == port["security_groups"]
    [group] = state.groups
    assert group.stateful
    assert {(rule.direction, rule.ethertype) for rule in group.rules} == {
        ("egress", "IPv4"),
        ("egress", "IPv6"),
        ("ingress", "IPv4"),
        ("ingress", "IPv6"),
    }
    assert state.members == {group.id: sorted([address, "198.51.100.200"])}
    [net] = state.networks
    assert (net.id, net.network_type) == (network, "vxlan")
    assert net.segmentation_id is not None
    assert net.physical_network is None
    [inside] = net.subnets
    assert (inside.id, inside.cidr) == (subnet, "198.51.100.0/24")
    assert inside.gateway_ip == "198.51.100.1"
    assert list(inside.dns) == ["203.0.113.53"]


def test_dhcp_port_comes_and_goes(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, subnet = service.network(alice)
    port = _port(service, alice, network, host)
    [net] = _state(host).networks
    assert list(net.dhcp_ips) == [subnet]
    query = f"ports?network_id={network}&device_owner=network:dhcp"
    [dhcp] = service.admin.get(query)
    assert dhcp["id"] == net.dhcp_port_id
    assert dhcp["mac_address"] == net.dhcp_mac
    assert dhcp["device_id"] == f"dhcp-{host}-{network}"
    assert dhcp["binding:host_id"] == host
    # Nobody asked for it, so it is in nobody's way.
    used = alice.get(f"quotas/{alice.project_id}/details")["port"]["used"]
    assert used == 1
    second = alice.make(
        "subnet", network_id=network, ip_version=4, cidr="203.0.113.0/24"
    )["id"]
    [net] = _state(host).networks
    assert net.dhcp_port_id == dhcp["id"]
    assert set(net.dhcp_ips) == {subnet, second}
    alice.put(f"subnets/{subnet}", subnet={"enable_dhcp": False})
    [net] = _state(host).networks
    assert list(net.dhcp_ips) == [second]
    alice.delete(f"ports/{port['id']}")
    assert _state(host).networks == []
    assert service.admin.get(query) == []


def test_dhcp_port_is_kept_one(
    service: NetworkService, alice: Client, host: str
) -> None:
    """Whatever its project makes of it."""
    network, _ = service.network(alice)
    _port(service, alice, network, host)
    [before] = _state(host).networks
    path = f"ports/{before.dhcp_port_id}"
    alice.put(path, port={"device_owner": "mine", "device_id": "mine"})
    assert _state(host).networks == [before]
    alice.delete(path)
    [after] = _state(host).networks
    assert after.dhcp_port_id == before.dhcp_port_id


def test_no_guest_is_taken_for_the_dhcp_server(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, _ = service.network(alice)
    _port(service, alice, network, host)
    [before] = _state(host).networks
    other = _port(service, alice, network, host)["id"]
    alice.put(f"ports/{other}", port={"device_owner": "network:dhcp"})
    [after] = _state(host).networks
    assert (after.dhcp_port_id, after.dhcp_ips) == (
        before.dhcp_port_id,
        before.dhcp_ips,
    )


def test_addresses_of_a_later_subnet(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, _ = service.network(alice)
    port = _port(service, alice, network, host)
    _state(host)
    slaac = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    service.sent.clear()
    later = alice.make(
        "subnet", network_id=network, ip_version=6, cidr="fd00::/64", **slaac
    )["id"]
    assert service.sent == [host]
    state = _state(host)
    [guest] = _guests(state)
    assert [subnet for subnet, _ in guest.fixed_ips][1:] == [later]
    assert guest.id == port["id"]
    # The DHCP server's too.
    assert later in state.networks[0].dhcp_ips


def test_no_address_for_dhcp(
    service: NetworkService, alice: Client, host: str
) -> None:
    """The host has all the rest then."""
    network, _ = service.network(alice, cidr="198.51.100.0/30")
    _port(service, alice, network, host)
    state = _state(host)
    assert len(_guests(state)) == 1
    assert state.networks[0].dhcp_port_id is None


def test_other_hosts_of_a_network(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, _ = service.network(alice)
    far = f"far-{uuid.uuid4().hex[:8]}"
    service.agent(far)
    _port(service, alice, network, host)
    port = _port(service, alice, network, far, dns_name="data")
    [net] = _state(host).networks
    tunnel_ip = f"192.0.2.{len(far)}"
    assert list(net.peers) == [tunnel_ip]
    assert [list(one) for one in net.remote] == [
        [port["mac_address"], tunnel_ip]
    ]
    address = port["fixed_ips"][0]["ip_address"]
    assert [list(one) for one in net.names] == [["data", address]]
    [group] = _state(host).groups
    addresses = _state(host).members[group.id]
    assert port["fixed_ips"][0]["ip_address"] in addresses


def test_router(service: NetworkService, alice: Client) -> None:
    outer, physical = service.outer()
    near = f"near-{uuid.uuid4().hex[:8]}"
    service.agent(near, [physical])
    _, subnet = service.network(alice)
    router = alice.make("router", external_gateway_info={"network_id": outer})
    leg = alice.put(
        f"routers/{router['id']}/add_router_interface", subnet_id=subnet
    )
    port = alice.make("port", network_id=leg["network_id"])
    floating = alice.make(
        "floatingip", floating_network_id=outer, port_id=port["id"]
    )
    assert floating["status"] == "ACTIVE"
    route = {"destination": "192.0.2.0/24", "nexthop": "198.51.100.9"}
    alice.put(f"routers/{router['id']}", router={"routes": [route]})
    state = _state(near)
    [found] = state.routers
    assert found.id == router["id"]
    assert found.enable_snat
    assert found.admin_state_up
    [inside] = found.legs
    assert inside.port_id == leg["port_id"]
    assert inside.up
    alice.put(f"ports/{leg['port_id']}", port={"admin_state_up": False})
    [switched_off] = _state(near).routers
    assert not switched_off.legs[0].up
    assert list(inside.addresses) == ["198.51.100.1/24"]
    assert found.gateway is not None
    info = router["external_gateway_info"]["external_fixed_ips"][0]
    assert list(found.gateway.addresses) == [f"{info['ip_address']}/24"]
    assert list(found.next_hops) == ["203.0.113.1"]
    assert [list(one) for one in found.routes] == [list(route.values())]
    [led] = found.floating_ips
    assert led.address == floating["floating_ip_address"]
    assert led.fixed_address == floating["fixed_ip_address"]
    # No guest, no DHCP.
    assert sorted(port.device_owner for port in state.ports) == [
        "network:router_gateway",
        "network:router_interface",
    ]
    assert {one.id for one in state.networks} == {outer, leg["network_id"]}
    assert all(one.dhcp_port_id is None for one in state.networks)


def test_cost_does_not_grow(
    service: NetworkService, alice: Client, host: str
) -> None:
    outer, physical = service.outer()
    near = f"near-{uuid.uuid4().hex[:8]}"
    service.agent(near, [physical])
    router = alice.make("router", external_gateway_info={"network_id": outer})
    for n in range(3):
        network, subnet = service.network(alice, cidr=f"198.51.10{n}.0/24")
        alice.put(
            f"routers/{router['id']}/add_router_interface", subnet_id=subnet
        )
        for _ in range(3):
            _port(service, alice, network, near)
    _state(near)
    before = db.statements()
    state = _state(near)
    assert len(_guests(state)) == 9
    begins = 2 if db.engine().dialect.name == "sqlite" else 0
    assert db.statements() - before <= 10 + begins


def test_reported_statuses(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, _ = service.network(alice)
    here = _port(service, alice, network, host)
    moved = _port(service, alice, network, "elsewhere")
    elsewhere = service.admin.get(f"ports/{moved['id']}")
    network_agent.report_ports(
        host, {here["id"]: "ACTIVE", moved["id"]: "BUILD"}
    )
    assert alice.get(f"ports/{here['id']}")["status"] == "ACTIVE"
    assert service.admin.get(f"ports/{moved['id']}") == elsewhere


def _silence(host: str) -> None:
    with db.writer() as session:
        session.query(Service).filter_by(host=host).update(
            {"last_seen_at": now() - datetime.timedelta(hours=1)}
        )


def test_router_leaves_a_dead_agent(
    service: NetworkService, alice: Client
) -> None:
    outer, physical = service.outer()
    hosts = [f"l3-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    service.agent(hosts[0], [physical])
    router = alice.make("router", external_gateway_info={"network_id": outer})
    assert [one.id for one in _state(hosts[0]).routers] == [router["id"]]
    _silence(hosts[0])
    # Nobody else can have it: it waits for its agent to come back.
    network_agent.place_orphans(60)
    assert _state(hosts[0]).routers
    service.agent(hosts[1], [physical])
    concerned = together(*[lambda: network_agent.place_orphans(60)] * 3)
    assert {one for each in concerned for one in each} >= set(hosts)
    assert _state(hosts[0]).routers == []
    [found] = _state(hosts[1]).routers
    assert found.id == router["id"]
    assert found.gateway is not None


def test_removed_agent_leaves_nothing(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, _ = service.network(alice)
    port = _port(service, alice, network, host)
    _state(host)
    query = f"ports?network_id={network}&device_owner=network:dhcp"
    assert len(service.admin.get(query)) == 1
    with db.writer() as session:
        [row] = service_query.services(session, host, network_agent.BINARY)
        service_query.delete_service(session, row)
    assert service.admin.get(f"agents?host={host}") == []
    assert service.admin.get(query) == []
    assert alice.get(f"ports/{port['id']}")["id"] == port["id"]


# --- races -------------------------------------------------------------------


def test_one_default_group(service: NetworkService) -> None:
    project = uuid.uuid4().hex
    found = together(*[lambda: security_group.ensure_default(project)] * 6)
    assert len(set(found)) == 1
    groups = service.client(project).get("security-groups")
    assert [one["id"] for one in groups] == found[:1]


def test_one_floating_ip_of_an_address(
    service: NetworkService, alice: Client
) -> None:
    outer, _ = service.outer()
    network, subnet = service.network(alice)
    router = alice.make("router", external_gateway_info={"network_id": outer})
    alice.put(f"routers/{router['id']}/add_router_interface", subnet_id=subnet)
    port = alice.make("port", network_id=network)
    made = [
        alice.make("floatingip", floating_network_id=outer) for _ in range(4)
    ]
    assert len({one["floating_ip_address"] for one in made}) == 4
    body = {"floatingip": {"port_id": port["id"]}}
    answers = together(
        *[
            lambda one=one: alice("PUT", f"floatingips/{one['id']}", body)
            for one in made
        ]
    )
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
    led = alice.get(f"floatingips?port_id={port['id']}")
    assert len(led) == 1


def test_one_router_has_a_subnets_gateway(
    service: NetworkService, alice: Client
) -> None:
    _, subnet = service.network(alice)
    routers = [alice.make("router") for _ in range(3)]
    answers = together(
        *[
            lambda one=one: alice(
                "PUT",
                f"routers/{one['id']}/add_router_interface",
                {"subnet_id": subnet},
            )
            for one in routers
        ]
    )
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    legs = [
        port
        for one in routers
        for port in alice.get(f"ports?device_id={one['id']}")
    ]
    assert len(legs) == 1


def test_one_dhcp_port(
    service: NetworkService, alice: Client, host: str
) -> None:
    network, _ = service.network(alice)
    _port(service, alice, network, host)
    states = together(*[lambda: _state(host)] * 4)
    ids = {state.networks[0].dhcp_port_id for state in states}
    assert len(ids) == 1
    query = f"ports?network_id={network}&device_owner=network:dhcp"
    assert [one["id"] for one in service.admin.get(query)] == list(ids)


def test_same_rule_once(service: NetworkService, alice: Client) -> None:
    group = alice.make("security_group")
    body = {
        "security_group_rule": {
            "security_group_id": group["id"],
            "direction": "ingress",
            "protocol": "tcp",
        }
    }
    answers = together(
        *[lambda: alice("POST", "security-group-rules", body)] * 4
    )
    assert sorted(status for status, _ in answers) == [201, 409, 409, 409]


def test_wire(service: NetworkService, alice: Client, host: str) -> None:
    """What goes over the wire is JSON, and all of it arrives."""
    network, subnet = service.network(
        alice,
        host_routes=[
            {"destination": "192.0.2.0/24", "nexthop": "198.51.100.9"}
        ],
    )
    _port(service, alice, network, host)
    router = alice.make("router")
    alice.put(f"routers/{router['id']}/add_router_interface", subnet_id=subnet)
    wire = network_state.host_state(host)
    assert json.loads(json.dumps(wire)) == wire
    assert wanted.HostState.from_dict(wire).to_dict() == wire
    assert wire["networks"][0]["subnets"][0]["routes"] == [
        ["192.0.2.0/24", "198.51.100.9"]
    ]
