# SPDX-License-Identifier: Apache-2.0
"""A server's interfaces as its guest is told of them.

Source: https://docs.openstack.org/nova/latest/user/metadata.html and the
schema of network_data.json there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nova_lite.network.model import VIF, FixedIP, Subnet, device_name

# Types of ports that guests have always been told by name; all others are
# physical to them.
_NAMED_TYPES = frozenset(
    {
        "bridge",
        "dvs",
        "hw_veb",
        "hyperv",
        "macvtap",
        "ovs",
        "tap",
        "vhostuser",
        "vif",
    }
)
_EVERYWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - a route
Document = dict[str, Any]


def network_data(vifs: Sequence[VIF]) -> Document:
    """network_data.json; {} for a server without interfaces.

    Of each interface's addresses the first of either version is told.
    """
    if not vifs:
        return {}
    links: list[Document] = []
    networks: list[Document] = []
    services: list[Document] = []
    for vif in vifs:
        if not vif.network.subnets:
            continue
        links.append(_link(vif))
        for found in _first_of_each_version(vif):
            networks.append(_network(vif, found, len(networks)))
            services += [
                one for one in _dns(found.subnet) if one not in services
            ]
    return {"links": links, "networks": networks, "services": services}


def devices(vifs: Sequence[VIF]) -> list[Document]:
    """``devices`` of meta_data.json: interfaces that have a role."""
    return [
        {
            "bus": vif.place.bus if vif.place else "none",
            "address": vif.place.address if vif.place else "none",
            "tags": [vif.tag],
            "type": "nic",
            "mac": vif.address,
        }
        for vif in vifs
        if vif.tag
    ]


def fixed_ip(vifs: Sequence[VIF]) -> str | None:
    """The server's first IPv4 address."""
    return next((one.address for one in _ipv4(vifs)), None)


def floating_ip(vifs: Sequence[VIF]) -> str:
    """The first floating IP that leads to it; empty without one."""
    floating = (one for fixed in _ipv4(vifs) for one in fixed.floating_ips)
    return next(floating, "")


@dataclass(frozen=True, slots=True)
class _Address:
    """An address with its subnet."""

    address: str
    subnet: Subnet


def _ipv4(vifs: Sequence[VIF]) -> Iterator[FixedIP]:
    return (one for vif in vifs for one in vif.fixed_ips if one.version == 4)


def _first_of_each_version(vif: VIF) -> Iterator[_Address]:
    for version in (4, 6):
        for one in vif.fixed_ips:
            subnet = vif.network.subnet(one.subnet_id)
            if one.version == version and subnet is not None:
                yield _Address(one.address, subnet)
                break


def _name(vif: VIF) -> str:
    return vif.devname or device_name(vif.id)


def _link(vif: VIF) -> Document:
    return {
        "id": _name(vif),
        "vif_id": vif.id,
        "type": vif.type if vif.type in _NAMED_TYPES else "phy",
        "mtu": vif.network.mtu,
        "ethernet_mac_address": vif.address,
    }


def _network(vif: VIF, found: _Address, number: int) -> Document:
    subnet = found.subnet
    made = {
        "id": f"network{number}",
        "type": f"ipv{subnet.version}",
        "link": _name(vif),
    }
    if subnet.ipv6_address_mode:
        made["type"] += f"_{subnet.ipv6_address_mode}"
    elif subnet.enable_dhcp:
        made["type"] += "_dhcp"
        return {**made, "network_id": vif.network.id}
    return {
        **made,
        "ip_address": found.address,
        "netmask": _netmask(subnet.cidr),
        "routes": _routes(subnet),
        "network_id": vif.network.id,
        "services": _dns(subnet),
    }


def _routes(subnet: Subnet) -> list[Document]:
    routes = []
    if subnet.gateway:
        everywhere = _EVERYWHERE[subnet.version]
        routes.append(_route(everywhere, everywhere, subnet.gateway))
    for one in subnet.routes:
        address = str(ipaddress.ip_network(one.cidr, False).network_address)
        routes.append(_route(address, _netmask(one.cidr), one.gateway))
    return routes


def _route(network: str, netmask: str, gateway: str) -> Document:
    return {"network": network, "netmask": netmask, "gateway": gateway}


def _netmask(cidr: str) -> str:
    return str(ipaddress.ip_network(cidr, False).netmask)


def _dns(subnet: Subnet) -> list[Document]:
    return [{"type": "dns", "address": address} for address in subnet.dns]
