# SPDX-License-Identifier: Apache-2.0
"""What a server knows of its networks: the info cache, in Nova's form.

Kept as JSON in ``instances.network_info``, made by the network client, read
by the API's views, by drivers and by the metadata. Plain values throughout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class FixedIP:
    """An address of a port; ``floating_ips`` are those that lead to it."""

    address: str
    subnet_id: str
    floating_ips: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4


@dataclass(frozen=True, slots=True)
class Route:
    """A host route: network in CIDR form, and its gateway."""

    cidr: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet, as a guest needs to know it."""

    id: str
    cidr: str
    version: int
    gateway: str | None = None
    dns: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    enable_dhcp: bool = True
    # slaac, dhcpv6-stateful, dhcpv6-stateless; None for IPv4
    ipv6_address_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network; ``label`` is its name, ``bridge`` what its VIFs plug in."""

    id: str
    label: str
    project_id: str = ""
    mtu: int | None = None
    bridge: str | None = None
    network_type: str | None = None
    physical_network: str | None = None
    dns_domain: str = ""
    subnets: tuple[Subnet, ...] = ()

    def subnet(self, subnet_id: str) -> Subnet | None:
        """One of its subnets by id."""
        return next((one for one in self.subnets if one.id == subnet_id), None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a guest has a device: ("pci", "0000:00:02.0")."""

    bus: str
    address: str


@dataclass(frozen=True, slots=True)
class VIF:
    """A server's interface: one port of the network service.

    ``type`` is the port's binding:vif_type, ``details`` its vif_details;
    ``preserve_on_delete``: the user made the port, so it outlives the server;
    ``place``: where a guest that is told of ``tag`` has its card.
    """

    id: str
    address: str
    network: Network
    fixed_ips: tuple[FixedIP, ...] = ()
    type: str = "unbound"
    vnic_type: str = "normal"
    details: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    devname: str = ""
    active: bool = False
    preserve_on_delete: bool = False
    tag: str | None = None
    place: Place | None = None

    def to_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> VIF:
        """The inverse of ``to_dict``."""
        network = dict(kept["network"])
        network["subnets"] = tuple(map(_subnet, network["subnets"]))
        place = kept.get("place")
        return cls(
            **{
                **kept,
                "network": Network(**network),
                "fixed_ips": tuple(map(_fixed_ip, kept["fixed_ips"])),
                "place": Place(**place) if place else None,
            }
        )


def _subnet(kept: Mapping[str, Any]) -> Subnet:
    routes = tuple(Route(**one) for one in kept["routes"])
    return Subnet(**{**kept, "routes": routes, "dns": tuple(kept["dns"])})


def _fixed_ip(kept: Mapping[str, Any]) -> FixedIP:
    return FixedIP(**{**kept, "floating_ips": tuple(kept["floating_ips"])})


# A server's interfaces, in the order that the user asked for.
NetworkInfo = Sequence[VIF]


def load(kept: Sequence[Mapping[str, Any]] | None) -> list[VIF]:
    """The interfaces as ``instances.network_info`` has them."""
    return [VIF.from_dict(one) for one in kept or ()]


def dump(info: NetworkInfo) -> list[dict[str, Any]]:
    """As ``instances.network_info`` keeps them."""
    return [one.to_dict() for one in info]


def placed(info: NetworkInfo, places: Mapping[str, Place]) -> list[VIF]:
    """The interfaces with their places, by port id, where guests are told.

    One whose place is not known now keeps the one that it had.
    """
    return [
        replace(vif, place=places[vif.id])
        if vif.tag and vif.id in places
        else vif
        for vif in info
    ]


def device_name(port_id: str) -> str:
    """The tap of a port: Neutron's own rule, so everybody finds it."""
    return f"tap{port_id[:11]}"


def bridge_name(network_id: str) -> str:
    """The Linux bridge of a network on each host, by Neutron's rule."""
    return f"brq{network_id[:11]}"
