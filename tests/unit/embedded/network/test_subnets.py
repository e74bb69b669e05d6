# SPDX-License-Identifier: Apache-2.0
"""Subnets over REST."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from nova_lite.embedded.network import app
from nova_lite.network import addressing
from tests.fixtures.network_service import Client, NetworkService

V6: dict[str, Any] = {"ip_version": 6, "cidr": "fd00:1::/64"}


def new(network_id: str, **values: Any) -> dict[str, Any]:
    given = {"ip_version": 4, "cidr": "198.51.100.0/24", **values}
    return {"subnet": {"network_id": network_id, **given}}


@pytest.fixture
def network(alice: Client) -> str:
    return str(alice.make("network")["id"])


def test_defaults(alice: Client, network: str) -> None:
    made = alice.make("subnet", **new(network)["subnet"])
    assert (
        made.items()
        >= {
            "cidr": "198.51.100.0/24",
            "gateway_ip": "198.51.100.1",
            "allocation_pools": [
                {"start": "198.51.100.2", "end": "198.51.100.254"}
            ],
            "enable_dhcp": True,
            "dns_nameservers": [],
            "host_routes": [],
            "ipv6_ra_mode": None,
            "ipv6_address_mode": None,
            "subnetpool_id": None,
            "project_id": alice.project_id,
        }.items()
    )
    assert alice.get(f"subnets/{made['id']}") == made
    assert alice.get(f"networks/{network}")["subnets"] == [made["id"]]
    found = alice.get(f"subnets?network_id={network}&cidr=198.51.100.0/24")
    assert found == [made]
    alice.delete(f"subnets/{made['id']}")
    assert alice.get(f"networks/{network}")["subnets"] == []


def test_all_that_can_be_said(alice: Client, network: str) -> None:
    values = {
        "name": "all",
        "gateway_ip": "198.51.100.9",
        "allocation_pools": [
            {"start": "198.51.100.100", "end": "198.51.100.110"},
            {"start": "198.51.100.20", "end": "198.51.100.30"},
        ],
        "dns_nameservers": ["203.0.113.53", "203.0.113.52"],
        "host_routes": [
            {"destination": "203.0.113.0/24", "nexthop": "198.51.100.2"}
        ],
        "enable_dhcp": False,
    }
    made = alice.make("subnet", **new(network, **values)["subnet"])
    values["allocation_pools"] = list(reversed(values["allocation_pools"]))  # type: ignore[call-overload]
    assert made.items() >= values.items()


@pytest.mark.parametrize(
    ("cidr", "gateway", "pools"),
    [
        ("198.51.100.0/30", "198.51.100.1", [("198.51.100.2",) * 2]),
        (
            "198.51.100.0/31",
            "198.51.100.1",
            [("198.51.100.0", "198.51.100.0")],
        ),
        ("198.51.100.7/32", None, [("198.51.100.7",) * 2]),
        # Host bits are cut.
        (
            "198.51.100.77/29",
            "198.51.100.73",
            [("198.51.100.74", "198.51.100.78")],
        ),
        ("fd00:1::/126", "fd00:1::1", [("fd00:1::2", "fd00:1::3")]),
    ],
)
def test_small_ranges(
    alice: Client,
    network: str,
    cidr: str,
    gateway: str | None,
    pools: list[tuple[str, str]],
) -> None:
    version = 6 if ":" in cidr else 4
    made = alice.make(
        "subnet", network_id=network, cidr=cidr, ip_version=version
    )
    assert made["gateway_ip"] == gateway
    assert made["allocation_pools"] == [
        {"start": first, "end": last} for first, last in pools
    ]


def test_no_gateway(alice: Client, network: str) -> None:
    made = alice.make("subnet", **new(network, gateway_ip=None)["subnet"])
    assert made["gateway_ip"] is None
    assert made["allocation_pools"][0]["start"] == "198.51.100.1"


POOL = {"start": "198.51.100.10", "end": "198.51.100.20"}


@pytest.mark.parametrize(
    ("values", "status", "kind"),
    [
        ({"cidr": "198.51.100.0"}, 400, "HTTPBadRequest"),
        ({"cidr": "0.0.0.0/0"}, 400, "InvalidInput"),
        ({"cidr": "224.0.0.0/24"}, 400, "InvalidInput"),
        ({"cidr": None}, 400, "BadRequest"),
        ({"ip_version": 5}, 400, "InvalidInput"),
        ({"ip_version": 6}, 400, "InvalidInput"),
        ({"ip_version": 7}, 400, "HTTPBadRequest"),
        ({"gateway_ip": "203.0.113.1"}, 400, "InvalidInput"),
        ({"gateway_ip": "198.51.100.0"}, 400, "InvalidInput"),
        ({"gateway_ip": "fd00::1"}, 400, "InvalidInput"),
        ({"gateway_ip": "fe80::1"}, 400, "InvalidInput"),
        ({"ip_version": 6, "cidr": "fe80::/64"}, 400, "InvalidInput"),
        (
            {"gateway_ip": "198.51.100.15", "allocation_pools": [POOL]},
            409,
            "GatewayConflictWithAllocationPools",
        ),
        (
            {
                "allocation_pools": [
                    {"start": "198.51.100.20", "end": "198.51.100.10"}
                ]
            },
            400,
            "InvalidAllocationPool",
        ),
        (
            {
                "allocation_pools": [
                    {"start": "198.51.100.20", "end": "198.51.101.10"}
                ]
            },
            400,
            "OutOfBoundsAllocationPool",
        ),
        (
            {
                "allocation_pools": [
                    POOL,
                    {"start": "198.51.100.20", "end": "198.51.100.30"},
                ]
            },
            409,
            "OverlappingAllocationPools",
        ),
        (
            {"allocation_pools": [{"start": "fd00::1", "end": "fd00::2"}]},
            400,
            "InvalidAllocationPool",
        ),
        ({"allocation_pools": [{"start": "x"}]}, 400, "HTTPBadRequest"),
        ({"dns_nameservers": ["name"]}, 400, "HTTPBadRequest"),
        ({"dns_nameservers": ["203.0.113.1"] * 2}, 400, "HTTPBadRequest"),
        ({"dns_nameservers": ["fd00::53"]}, 400, "InvalidInput"),
        (
            {
                "host_routes": [
                    {"destination": "fd00::/64", "nexthop": "fd00::1"}
                ]
            },
            400,
            "InvalidInput",
        ),
        ({"ipv6_ra_mode": "slaac"}, 400, "InvalidInput"),
        ({**V6, "ipv6_ra_mode": "wrong"}, 400, "HTTPBadRequest"),
        (
            {
                **V6,
                "ipv6_ra_mode": "slaac",
                "ipv6_address_mode": "dhcpv6-stateful",
            },
            400,
            "InvalidInput",
        ),
        (
            {**V6, "ipv6_address_mode": "slaac", "enable_dhcp": False},
            400,
            "InvalidInput",
        ),
        (
            {
                **V6,
                "cidr": "fd00:1::/80",
                "ipv6_address_mode": "slaac",
            },
            400,
            "InvalidInput",
        ),
        (
            {"subnetpool_id": "11111111-1111-4111-8111-111111111111"},
            400,
            "BadRequest",
        ),
        ({"network_id": "no-uuid"}, 400, "HTTPBadRequest"),
        (
            {"network_id": "11111111-1111-4111-8111-111111111111"},
            404,
            "NetworkNotFound",
        ),
    ],
    ids=str,
)
def test_refused(
    alice: Client, network: str, values: dict[str, Any], status: int, kind: str
) -> None:
    body = new(network)
    body["subnet"] |= values
    assert alice.refused("POST", "subnets", body) == (status, kind)
    assert alice.get(f"networks/{network}")["subnets"] == []


def test_subnets_of_one_network_do_not_overlap(
    alice: Client, network: str
) -> None:
    alice.make("subnet", **new(network)["subnet"])
    within = new(network, cidr="198.51.100.128/25")
    assert alice.refused("POST", "subnets", within) == (400, "InvalidInput")
    alice.make("subnet", **new(network, cidr="198.51.101.0/24")["subnet"])
    alice.make("subnet", **new(network, **V6)["subnet"])
    # Another network may have the same range.
    other = alice.make("network")["id"]
    alice.make("subnet", **new(other)["subnet"])


def test_rights(
    service: NetworkService, alice: Client, bob: Client, network: str
) -> None:
    path = f"subnets/{alice.make('subnet', **new(network)['subnet'])['id']}"
    assert bob.refused("POST", "subnets", new(network)) == (
        404,
        "NetworkNotFound",
    )
    change = {"subnet": {"name": "x"}}
    for method, body in (("GET", None), ("PUT", change), ("DELETE", None)):
        refused = bob.refused(method, path, body)
        assert refused == (404, "SubnetNotFound")
    shared = service.admin.make("network", shared=True)["id"]
    assert bob.refused("POST", "subnets", new(shared)) == (
        403,
        "PolicyNotAuthorized",
    )
    made = service.admin.make("subnet", **new(shared)["subnet"])["id"]
    assert bob.get(f"subnets/{made}")["id"] == made
    assert made in {one["id"] for one in bob.get("subnets?shared=true")}
    assert bob.refused("DELETE", f"subnets/{made}") == (404, "SubnetNotFound")


def test_changes(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    path = f"subnets/{subnet}"

    def put(**values: Any) -> Any:
        return alice.put(path, subnet=values)["subnet"]

    assert put(name="new", dns_nameservers=["203.0.113.9"])["name"] == "new"
    assert put(allocation_pools=[POOL])["allocation_pools"] == [POOL]
    assert put(gateway_ip="198.51.100.254")["gateway_ip"] == "198.51.100.254"
    assert put(gateway_ip=None)["gateway_ip"] is None
    assert put(enable_dhcp=False)["enable_dhcp"] is False
    for values, refused in (
        (
            {"gateway_ip": "198.51.100.11"},
            (409, "GatewayConflictWithAllocationPools"),
        ),
        ({"gateway_ip": "203.0.113.1"}, (400, "InvalidInput")),
        ({"cidr": "203.0.113.0/24"}, (400, "HTTPBadRequest")),
        ({"ip_version": 6}, (400, "HTTPBadRequest")),
        ({"network_id": network}, (400, "HTTPBadRequest")),
    ):
        body = {"subnet": values}
        assert alice.refused("PUT", path, body) == refused
    # A move of gateway and pools together need not fit what was.
    moved = put(
        gateway_ip="198.51.100.15",
        allocation_pools=[{"start": "198.51.100.16", "end": "198.51.100.17"}],
    )
    assert moved["gateway_ip"] == "198.51.100.15"


def test_a_subnet_in_use_stays(service: NetworkService, alice: Client) -> None:
    network, subnet = service.network(alice)
    path = f"subnets/{subnet}"
    port = alice.make("port", network_id=network)["id"]
    assert alice.refused("DELETE", path) == (409, "SubnetInUse")
    alice.delete(f"ports/{port}")
    dhcp = service.admin.make(
        "port", network_id=network, device_owner="network:dhcp"
    )
    alice.delete(path)
    left = service.admin.get(f"ports/{dhcp['id']}")
    assert left["fixed_ips"] == []


def test_ports_have_addresses_of_a_later_subnet(
    service: NetworkService, alice: Client
) -> None:
    """Their guests make them as soon as a router tells of the prefix."""
    network, subnet = service.network(alice)
    none = alice.make("port", network_id=network, fixed_ips=[])
    guest = alice.make("port", network_id=network)
    router = alice.make("router")["id"]
    alice.put(f"routers/{router}/add_router_interface", subnet_id=subnet)
    slaac = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    later = alice.make("subnet", network_id=network, **V6, **slaac)["id"]
    for port in (none, guest):
        now = alice.get(f"ports/{port['id']}")
        made = addressing.eui64(V6["cidr"], port["mac_address"])
        assert now["fixed_ips"] == [
            *port["fixed_ips"],
            {"subnet_id": later, "ip_address": made},
        ]
        assert now["revision_number"] == port["revision_number"] + 1
    [leg] = alice.get(f"ports?device_id={router}")
    assert [one["subnet_id"] for one in leg["fixed_ips"]] == [subnet]


def test_addresses_that_hosts_make_keep_no_subnet(
    service: NetworkService, alice: Client
) -> None:
    network, _ = service.network(alice)
    slaac = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    subnet = alice.make("subnet", network_id=network, **V6, **slaac)["id"]
    port = alice.make("port", network_id=network)
    assert len(port["fixed_ips"]) == 2
    alice.delete(f"subnets/{subnet}")
    left = alice.get(f"ports/{port['id']}")["fixed_ips"]
    assert left == port["fixed_ips"][:1]


def test_servers_hear_of_addresses_that_they_make(
    service: NetworkService, alice: Client
) -> None:
    heard: list[tuple[str, str, str]] = []

    def send(_context: Any, host: str, events: list[Any]) -> None:
        heard.extend((host, one.instance_uuid, one.name) for one in events)

    telling = Client(app.create_app(lambda *_hint: None, send), "ops:admin")
    network, _ = service.network(alice)
    service.agent("here")
    server = str(uuid.uuid4())
    service.admin.make(
        "port",
        network_id=network,
        device_id=server,
        device_owner="compute:nova",
        **{"binding:host_id": "here"},
    )
    slaac = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    subnet = telling.make("subnet", network_id=network, **V6, **slaac)["id"]
    telling.delete(f"subnets/{subnet}")
    assert heard == [("here", server, "network-changed")] * 2


def test_the_gateway_of_a_router_stays(
    service: NetworkService, alice: Client
) -> None:
    _, subnet = service.network(alice)
    router = alice.make("router")["id"]
    alice.put(f"routers/{router}/add_router_interface", subnet_id=subnet)
    change = {"subnet": {"gateway_ip": "198.51.100.254"}}
    refused = alice.refused("PUT", f"subnets/{subnet}", change)
    assert refused[1] in (
        "GatewayIpInUse",
        "GatewayConflictWithAllocationPools",
    )
    change = {"subnet": {"gateway_ip": None}}
    refused = alice.refused("PUT", f"subnets/{subnet}", change)
    assert refused == (409, "GatewayIpInUse")
    assert alice.refused("DELETE", f"subnets/{subnet}") == (409, "SubnetInUse")
