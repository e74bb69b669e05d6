# SPDX-License-Identifier: Apache-2.0
"""What nova-lite-netd is to bring about on one host.

Made from the embedded network service's tables by conductor
(db/repositories/network_state.py), sent whole as JSON, compared by netd with
what it finds. A host's own part alone: networks that it has a port, a router
or a DHCP server of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class WantedSubnet:
    """``routes``: (cidr, next hop); ``ra_mode``/``address_mode``: IPv6's."""

    id: str
    cidr: str
    ip_version: int
    gateway_ip: str | None
    enable_dhcp: bool
    dns: Sequence[str] = ()
    routes: Sequence[Sequence[str]] = ()
    ra_mode: str | None = None
    address_mode: str | None = None


@dataclass(frozen=True, slots=True)
class WantedNetwork:
    """``network_type``: flat (by physical_network) or vxlan (by its id).

    ``dhcp_ips``: addresses of this host's own DHCP port, subnet id ->
    address; empty where no subnet has DHCP. ``peers``: tunnel addresses of
    the other hosts of a vxlan network. ``remote``: (mac, tunnel address) of
    every port of it elsewhere. ``names``: (name, address) of those that have
    a name.
    """

    id: str
    network_type: str
    mtu: int
    subnets: Sequence[WantedSubnet]
    segmentation_id: int | None = None
    physical_network: str | None = None
    external: bool = False
    dns_domain: str = ""
    dhcp_port_id: str | None = None
    dhcp_mac: str | None = None
    dhcp_ips: Mapping[str, str] = field(default_factory=dict)
    peers: Sequence[str] = ()
    remote: Sequence[Sequence[str]] = ()
    names: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class WantedPort:
    """A port bound to this host: a guest's, a router's or a DHCP server's.

    ``fixed_ips``: (subnet id, address). ``allowed_pairs``: (mac, address or
    CIDR). ``groups``: ids of its security groups; none, with port_security,
    lets nothing in or out but DHCP and neighbour discovery.
    ``status``: ACTIVE, DOWN or BUILD as the database has it.
    """

    id: str
    network_id: str
    mac: str
    fixed_ips: Sequence[Sequence[str]]
    project_id: str
    device_id: str
    device_owner: str
    admin_state_up: bool = True
    status: str = "DOWN"
    hostname: str = ""
    port_security: bool = True
    groups: Sequence[str] = ()
    allowed_pairs: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class WantedRule:
    """A rule of a security group.

    ``remote_ip_prefix`` and ``remote_group_id`` both None: anywhere; the
    addresses of a remote group are in HostState.members. ``protocol``: a
    name, a number as text, or None for any. ``port_min`` and ``port_max``
    are type and code where the protocol is an icmp.
    """

    direction: str  # ingress, egress
    ethertype: str  # IPv4, IPv6
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None


@dataclass(frozen=True, slots=True)
class WantedGroup:
    """A security group that a port here has."""

    id: str
    stateful: bool
    rules: Sequence[WantedRule]


@dataclass(frozen=True, slots=True)
class WantedRouterPort:
    """A router's leg: (address with prefix length) per subnet.

    ``up``: its port is not switched off.
    """

    port_id: str
    network_id: str
    mac: str
    addresses: Sequence[str]
    up: bool = True


@dataclass(frozen=True, slots=True)
class WantedFloatingIP:
    """One to one, both ways."""

    id: str
    address: str
    fixed_address: str


@dataclass(frozen=True, slots=True)
class WantedRouter:
    """A router that lives on this host.

    ``gateway``: its leg in the external network; ``next_hops`` the default
    routes there. ``routes``: (cidr, next hop).
    """

    id: str
    admin_state_up: bool
    legs: Sequence[WantedRouterPort]
    gateway: WantedRouterPort | None = None
    next_hops: Sequence[str] = ()
    enable_snat: bool = True
    routes: Sequence[Sequence[str]] = ()
    floating_ips: Sequence[WantedFloatingIP] = ()


@dataclass(frozen=True, slots=True)
class HostState:
    """All of it.

    ``members``: addresses of all ports, on every host, of each group that a
    rule here names as its remote one.
    """

    networks: Sequence[WantedNetwork] = ()
    ports: Sequence[WantedPort] = ()
    groups: Sequence[WantedGroup] = ()
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    routers: Sequence[WantedRouter] = ()

    def to_dict(self) -> dict[str, Any]:
        """As it goes over the wire."""
        wire: dict[str, Any] = _plain(self)
        return wire

    @classmethod
    def from_dict(cls, wire: Mapping[str, Any]) -> HostState:
        """The inverse of ``to_dict``."""
        return cls(
            networks=[_network(one) for one in wire["networks"]],
            ports=[WantedPort(**one) for one in wire["ports"]],
            groups=[_group(one) for one in wire["groups"]],
            members=wire["members"],
            routers=[_router(one) for one in wire["routers"]],
        )


def _plain(value: Any) -> Any:
    """A value with dicts for the dataclasses of here.

    ``dataclasses.asdict`` copies all that is in them besides, and takes
    longer than the statements that they are made of.
    """
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    names = getattr(value, "__slots__", None)
    if names is None:
        return value
    return {name: _plain(getattr(value, name)) for name in names}


def _network(wire: Mapping[str, Any]) -> WantedNetwork:
    subnets = [WantedSubnet(**one) for one in wire["subnets"]]
    return WantedNetwork(**{**wire, "subnets": subnets})


def _group(wire: Mapping[str, Any]) -> WantedGroup:
    rules = [WantedRule(**one) for one in wire["rules"]]
    return WantedGroup(**{**wire, "rules": rules})


def _router(wire: Mapping[str, Any]) -> WantedRouter:
    gateway = wire["gateway"]
    return WantedRouter(
        **{
            **wire,
            "legs": [WantedRouterPort(**one) for one in wire["legs"]],
            "gateway": WantedRouterPort(**gateway) if gateway else None,
            "floating_ips": [
                WantedFloatingIP(**one) for one in wire["floating_ips"]
            ],
        }
    )
