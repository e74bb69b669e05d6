# SPDX-License-Identifier: Apache-2.0
"""What dnsmasq is given to read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nova_lite.netd import dhcp_tables as tables
from nova_lite.network.wanted import WantedNetwork, WantedPort, WantedSubnet

MAC = "fa:16:3e:00:00:0b"


def subnet(**more: Any) -> WantedSubnet:
    values = {
        "id": "s-1",
        "cidr": "198.51.100.0/24",
        "ip_version": 4,
        "gateway_ip": "198.51.100.1",
        "enable_dhcp": True,
    }
    return WantedSubnet(**{**values, **more})


def subnet_6(**more: Any) -> WantedSubnet:
    return subnet(
        cidr="fd00:5::/64", ip_version=6, gateway_ip="fd00:5::1", **more
    )


def network(*subnets: WantedSubnet, **more: Any) -> WantedNetwork:
    own = {"4": "198.51.100.2", "6": "fd00:5::2"}
    values = {
        "id": "n-1",
        "network_type": "vxlan",
        "mtu": 1450,
        "subnets": subnets,
        "dhcp_ips": {one.id: own[str(one.ip_version)] for one in subnets},
    }
    return WantedNetwork(**{**values, **more})


def port(address: str, **more: Any) -> WantedPort:
    values = {
        "id": "p-1",
        "network_id": "n-1",
        "mac": MAC,
        "fixed_ips": [["s-1", address]],
        "project_id": "p",
        "device_id": "d",
        "device_owner": "compute:nova",
    }
    return WantedPort(**{**values, **more})


def configuration(net: WantedNetwork, **more: Any) -> list[str]:
    text = tables.configuration(
        net, "ns-1", Path("/somewhere"), tables.Settings(**more)
    )
    return text.splitlines()


def ranges(net: WantedNetwork) -> list[str]:
    lines = configuration(net)
    return [line for line in lines if line.startswith("dhcp-range")]


def test_only_subnets_with_an_address_of_the_server_are_served() -> None:
    off = subnet(id="s-2", cidr="203.0.113.0/24", enable_dhcp=False)
    not_yet = subnet(id="s-3", cidr="192.0.2.0/24")
    own = {"s-1": "198.51.100.2", "s-2": "203.0.113.2"}
    net = network(subnet(), off, not_yet, dhcp_ips=own)
    assert ranges(net) == [
        "dhcp-range=set:ss1,198.51.100.0,static,255.255.255.0,86400s"
    ]


@pytest.mark.parametrize(
    ("address_mode", "ra_mode", "hosts", "served"),
    [
        ("dhcpv6-stateful", "dhcpv6-stateful", ",[fd00:5::b]", True),
        ("dhcpv6-stateful", None, ",[fd00:5::b]", True),
        (None, None, ",[fd00:5::b]", True),
        ("dhcpv6-stateless", "dhcpv6-stateless", "", True),
        ("slaac", "slaac", None, False),
        (None, "slaac", None, False),
    ],
)
def test_ipv6_by_its_modes(
    address_mode: str | None,
    ra_mode: str | None,
    hosts: str | None,
    served: bool,
) -> None:
    net = network(subnet_6(address_mode=address_mode, ra_mode=ra_mode))
    given = tables.hosts(net, [port("fd00:5::b")])
    name = "host-fd00-5-b"
    assert given == ("" if hosts is None else f"{MAC},{name}{hosts}\n")
    wanted = ["dhcp-range=set:ss1,fd00:5::,static,64,86400s"]
    assert ranges(net) == (wanted if served else [])


@pytest.mark.parametrize(
    ("ra_mode", "mode"),
    [
        ("slaac", "ra-only"),
        ("dhcpv6-stateless", "ra-stateless"),
        ("dhcpv6-stateful", "static"),
    ],
)
def test_what_a_router_advertises(ra_mode: str, mode: str) -> None:
    net = network(subnet_6(ra_mode=ra_mode, dns=["fd00::53"]))
    text = tables.advertisements([("qr-1", net, ["fd00:5::1/64"])])
    assert f"dhcp-range=set:ss1,fd00:5::,{mode},64" in text.splitlines()
    assert "ra-param=qr-1,mtu:1450,60,1800" in text.splitlines()
    assert "dhcp-option=tag:ss1,option6:dns-server,[fd00::53]" in text


def test_a_router_advertises_only_where_it_is_and_is_to() -> None:
    silent = network(subnet_6())
    assert tables.advertisements([("qr-1", silent, ["fd00:5::1/64"])]) == ""
    elsewhere = network(subnet_6(ra_mode="slaac"))
    assert tables.advertisements([("qr-1", elsewhere, ["fd00:6::1/64"])]) == ""


def test_a_range_that_dnsmasq_cannot_serve_keeps_no_other_back() -> None:
    wide = subnet_6(ra_mode="dhcpv6-stateful", address_mode="dhcpv6-stateful")
    wide = replace(wide, id="s-2", cidr="fd00:5::/48")
    both = network(subnet(), wide)
    assert ranges(both) == [
        "dhcp-range=set:ss1,198.51.100.0,static,255.255.255.0,86400s"
    ]
    fixed_ips = [["s-1", "198.51.100.11"], ["s-2", "fd00:5::b"]]
    given = tables.hosts(both, [port("", fixed_ips=fixed_ips)])
    assert given == f"{MAC},host-198-51-100-11,198.51.100.11\n"
    assert tables.advertisements([("qr-1", both, ["fd00:5::1/48"])]) == ""


def test_routes_that_a_subnet_has_itself_go_before_its_gateway() -> None:
    own = subnet(routes=[("0.0.0.0/0", "198.51.100.7")])
    lines = tables.options(network(own)).splitlines()
    assert lines == [
        "tag:ss1,option:router,198.51.100.1",
        "tag:ss1,option:classless-static-route,"
        "169.254.169.254/32,198.51.100.2,0.0.0.0/0,198.51.100.7",
        "tag:ss1,249,169.254.169.254/32,198.51.100.2,0.0.0.0/0,198.51.100.7",
    ]


@pytest.mark.parametrize(
    "hostname", ["", "a,b", "web\n02:00:00:00:00:01", "-x", "é", "a" * 64]
)
def test_a_name_that_is_none_does_not_get_into_a_file(hostname: str) -> None:
    one = port("198.51.100.11", hostname=hostname)
    net = network(subnet())
    line = f"{MAC},host-198-51-100-11,198.51.100.11\n"
    assert tables.hosts(net, [one]) == line
    names = tables.names(net, [one], tables.Settings())
    assert "198.51.100.11 host-198-51-100-11.openstacklocal" in names
    assert len(names.splitlines()) == 1


def test_names_of_ports_elsewhere() -> None:
    elsewhere = [("data", "198.51.100.12"), ("x\n", "198.51.100.13")]
    net = network(subnet(), names=elsewhere)
    assert tables.names(net, [], tables.Settings()) == (
        "198.51.100.12 data.openstacklocal data\n"
    )


def test_a_mac_or_a_domain_that_is_none_neither() -> None:
    net = network(subnet(), dns_domain="x\nserver=/#/192.0.2.1")
    assert "domain=openstacklocal" in configuration(net)
    bad = port("198.51.100.11", mac="*:*:*:*:*:*")
    assert tables.hosts(net, [bad]) == ""


def test_a_range_is_no_line_of_its_own() -> None:
    """Python takes any text for the scope of an IPv6 network."""
    bad = subnet(
        cidr="fd00:5::%\nenable-tftp\n#/64", ip_version=6, ra_mode="slaac"
    )
    with pytest.raises(ValueError, match="is no line"):
        tables.advertisements([("qr-1", network(bad), ["fd00:5::1/64"])])
    with pytest.raises(ValueError, match="is no line"):
        configuration(network(replace(bad, ra_mode=None)))


def test_settings_of_the_administrator() -> None:
    net = network(subnet())
    lines = configuration(
        net, lease_s=600, domain="cloud", dns_servers=["192.0.2.53"]
    )
    assert "domain=cloud" in lines
    assert "server=192.0.2.53" in lines
    assert "dhcp-range=set:ss1,198.51.100.0,static,255.255.255.0,600s" in lines
