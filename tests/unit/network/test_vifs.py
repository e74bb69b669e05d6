# SPDX-License-Identifier: Apache-2.0
"""Interfaces made of what a Neutron says of ports, networks and subnets."""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite.network import model, vifs

_PORT = {
    "id": "11111111-2222-4333-8444-555555555555",
    "network_id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    "mac_address": "fa:16:3e:00:00:01",
    "admin_state_up": True,
    "status": "DOWN",
    "fixed_ips": [{"subnet_id": "s6", "ip_address": "fd00::5"}],
}
_NETWORK = {"id": _PORT["network_id"], "name": "n", "mtu": 1450}
_SUBNETS: list[dict[str, Any]] = [
    {
        "id": "s6",
        "network_id": _PORT["network_id"],
        "cidr": "fd00::/64",
        "ip_version": 6,
        "gateway_ip": "fd00::1",
        "enable_dhcp": True,
        "ipv6_address_mode": "slaac",
        "host_routes": [{"destination": "fd01::/64", "nexthop": "fd00::2"}],
    },
    {
        "id": "s4",
        "network_id": _PORT["network_id"],
        "cidr": "198.51.100.0/24",
        "ip_version": 4,
    },
]


def _vif(port: dict[str, Any], **network: Any) -> model.VIF:
    around = vifs.Surroundings(
        networks=[{**_NETWORK, **network}],
        subnets=_SUBNETS,
        floating_ips=[],
        ovs_bridge="br-int",
    )
    return around.vif({**_PORT, **port})


@pytest.mark.parametrize(
    ("kind", "details", "bridge"),
    [
        ("ovs", {}, "br-int"),
        ("ovs", {"bridge_name": "br-x"}, "br-x"),
        ("bridge", {}, "brqaaaaaaaa-bb"),
        ("bridge", {"bridge_name": "br-y"}, "br-y"),
        ("tap", {"connectivity": "l2"}, "brqaaaaaaaa-bb"),
        ("unbound", {}, None),
        ("vhostuser", {}, None),
    ],
)
def test_bridge(kind: str, details: dict[str, str], bridge: str) -> None:
    vif = _vif({"binding:vif_type": kind, "binding:vif_details": details})
    assert (vif.type, vif.network.bridge) == (kind, bridge)
    assert vif.details == details


@pytest.mark.parametrize(
    ("status", "up", "active"),
    [
        ("ACTIVE", True, True),
        ("DOWN", True, False),
        ("BUILD", True, False),
        ("DOWN", False, True),
    ],
)
def test_active(status: str, up: bool, active: bool) -> None:
    assert _vif({"status": status, "admin_state_up": up}).active is active


def test_what_a_user_may_not_see_is_not_needed() -> None:
    """Without provider and binding, as a member's token shows them."""
    vif = _vif({})
    assert (vif.type, vif.vnic_type) == ("unbound", "normal")
    assert vif.network.network_type is None
    assert vif.preserve_on_delete


def test_subnets_are_those_of_its_addresses() -> None:
    [subnet] = _vif({}).network.subnets
    assert subnet == model.Subnet(
        id="s6",
        cidr="fd00::/64",
        version=6,
        gateway="fd00::1",
        routes=(model.Route("fd01::/64", "fd00::2"),),
        ipv6_address_mode="slaac",
    )


def test_the_first_of_several_segments() -> None:
    segments = [
        {
            "provider:network_type": "vlan",
            "provider:physical_network": "physnet1",
        },
        {"provider:network_type": "vxlan"},
    ]
    network = _vif({}, segments=segments).network
    assert network.network_type == "vlan"
    assert network.physical_network == "physnet1"


def test_it_is_kept_and_read_again() -> None:
    vif = _vif({"binding:profile": {vifs.CREATED: True}})
    assert not vif.preserve_on_delete
    assert model.load(model.dump([vif])) == [vif]
