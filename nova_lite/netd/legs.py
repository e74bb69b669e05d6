# SPDX-License-Identifier: Apache-2.0
"""What stands in a router's or DHCP server's namespace: legs and routes.

A leg is a veth: one end in the bridge of its network, the other, with the
port's address, in the namespace. Everything is compared with what the kernel
has, and only what differs is changed.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_interface, ip_network
from pathlib import Path
from typing import Any

from oslo_log import log
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from nova_lite.netd.namespaces import Namespaces
from nova_lite.network.wanted import WantedNetwork

LOG = log.getLogger(__name__)

# The outer ends: not taps, so that nobody takes them for a guest's.
OUTER = "nlv"

# The inner ones: of routers, of their gateways, of DHCP servers.
_LEGS = ("qr-", "qg-", "ns-")

_LO = 1
# <linux/rtnetlink.h>, <linux/if_addr.h>: values of fields.
_MAIN_TABLE = 254
_STATIC = 4
_ONLINK = 4
_NO_DAD = 2
_GLOBAL_SCOPE = 0


@dataclass(frozen=True, slots=True)
class Hosting:
    """What DHCP servers and routers need to know of their host.

    ``directory``: where their files are, of root alone. ``bridge_of``: the
    name of a network's bridge, which is there already.
    """

    namespaces: Namespaces
    directory: Path
    bridge_of: Callable[[WantedNetwork], str]


@dataclass(frozen=True, slots=True)
class Leg:
    """``name`` in the namespace; ``addresses`` with prefix lengths."""

    name: str
    port_id: str
    bridge: str
    mac: str
    mtu: int
    addresses: Sequence[str]
    up: bool = True

    @property
    def outer(self) -> str:
        """The end in the bridge."""
        return f"{OUTER}{self.port_id[:11]}"


@dataclass(frozen=True, slots=True)
class Route:
    """``device``: set where the next hop need not be in a leg's subnet."""

    cidr: str
    next_hop: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Interior:
    """All of a namespace. ``local``: addresses of its loop-back device."""

    legs: Sequence[Leg]
    routes: Sequence[Route] = ()
    local: Sequence[str] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)


def furnish(
    namespaces: Namespaces, name: str, interior: Interior
) -> list[tuple[str, str]]:
    """Make a namespace and what is in it so; another leg there is removed.

    Returns: (device, address) of each address that was not there before.
    Raises: OSError, NetlinkError.
    """
    namespaces.ensure(name)
    # Before there are devices: they begin with the namespace's defaults.
    present = namespaces.run(name, _prepare, interior.sysctls)
    for leg in interior.legs:
        _plug(namespaces, name, leg, present)
    return namespaces.run(name, _arrange, interior)


def dismantle(namespaces: Namespaces, name: str) -> None:
    """Remove a namespace; its legs first, which else follow by and by."""
    if namespaces.exists(name):
        namespaces.run(name, _arrange, Interior(legs=()))
    namespaces.remove(name)


def write_sysctls(values: Mapping[str, str]) -> None:
    """Set those that differ, of the calling thread's namespace."""
    for name, value in values.items():
        path = Path("/proc/sys/net") / name
        if path.read_text().strip() != value:
            path.write_text(value)


def _prepare(sysctls: Mapping[str, str]) -> set[str]:
    """Set a namespace's values; the names of the devices that are there."""
    write_sysctls(sysctls)
    with IPRoute() as netlink:
        return {link.get("ifname") for link in netlink.get_links()}


# --- the bridge's side -------------------------------------------------------


def _plug(
    namespaces: Namespaces, name: str, leg: Leg, present: set[str]
) -> None:
    with IPRoute() as netlink:
        outer = _link(netlink, leg.outer)
        if outer and leg.name not in present:
            # Its other end is in a namespace that is gone.
            netlink.link("del", index=outer["index"])
            outer = None
        if not outer:
            _make_veth(netlink, namespaces, name, leg)
            outer = _link(netlink, leg.outer)
        bridge = _link(netlink, leg.bridge)
        if not bridge or not outer:
            raise FileNotFoundError(
                errno.ENOENT, "no such bridge yet", leg.bridge
            )
        changes: dict[str, Any] = {}
        if outer.get("master") != bridge["index"]:
            changes["master"] = bridge["index"]
        if outer.get("mtu") != leg.mtu:
            changes["mtu"] = leg.mtu
        if not _is_up(outer):
            changes["state"] = "up"
        if changes:
            netlink.link("set", index=outer["index"], **changes)


def _make_veth(
    netlink: IPRoute, namespaces: Namespaces, name: str, leg: Leg
) -> None:
    descriptor = os.open(namespaces.path(name), os.O_RDONLY | os.O_CLOEXEC)
    inner = {
        "ifname": leg.name,
        "address": leg.mac.lower(),
        "mtu": leg.mtu,
        "net_ns_fd": descriptor,
    }
    try:
        netlink.link(
            "add", ifname=leg.outer, kind="veth", mtu=leg.mtu, peer=inner
        )
    except NetlinkError as error:
        # Another's, made since we looked: the next pass sees it.
        if error.code != errno.EEXIST:
            raise
    finally:
        os.close(descriptor)
    # The host has no part in the guests' network.
    write_sysctls({f"ipv6/conf/{leg.outer}/disable_ipv6": "1"})


def _link(netlink: IPRoute, name: str) -> Any:
    try:
        return netlink.link("get", ifname=name)[0]
    except NetlinkError as error:
        if error.code == errno.ENODEV:
            return None
        raise


def _is_up(link: Any) -> bool:
    return bool(link["state"] == "up")


# --- the namespace's side ----------------------------------------------------


def _arrange(interior: Interior) -> list[tuple[str, str]]:
    added = []
    with IPRoute() as netlink:
        found = {one.get("ifname"): one for one in netlink.get_links()}
        if not _is_up(found["lo"]):
            netlink.link("set", index=_LO, state="up")
        _set_addresses(netlink, _LO, [*interior.local, "127.0.0.1/8", "::1"])
        wanted = {leg.name for leg in interior.legs}
        for name, link in found.items():
            if name[:3] in _LEGS and name not in wanted:
                netlink.link("del", index=link["index"])
        for leg in interior.legs:
            _set_link(netlink, found[leg.name], leg)
            index = found[leg.name]["index"]
            added += [
                (leg.name, address)
                for address in _set_addresses(netlink, index, leg.addresses)
            ]
        _set_routes(netlink, interior.routes)
    return added


def _set_link(netlink: IPRoute, link: Any, leg: Leg) -> None:
    changes: dict[str, Any] = {}
    if link.get("address") != leg.mac.lower():
        changes["address"] = leg.mac.lower()
    if link.get("mtu") != leg.mtu:
        changes["mtu"] = leg.mtu
    if _is_up(link) != leg.up:
        changes["state"] = "up" if leg.up else "down"
    if changes:
        netlink.link("set", index=link["index"], **changes)


def _set_addresses(
    netlink: IPRoute, index: int, wanted: Iterable[str]
) -> list[str]:
    """Those of global scope; IPv6 makes its link-local one itself."""
    found = {
        f"{one.get('address')}/{one['prefixlen']}"
        for one in netlink.get_addr(index=index)
        if one["scope"] == _GLOBAL_SCOPE or index == _LO
    }
    plain = {str(ip_interface(one)) for one in wanted}
    for address in sorted(found - plain):
        ip, _, length = address.partition("/")
        netlink.addr("del", index=index, address=ip, prefixlen=int(length))
    added = sorted(plain - found)
    for address in added:
        ip, _, length = address.partition("/")
        # The service gave the address to this port alone: no detection.
        flags = {"flags": _NO_DAD} if ":" in ip else {}
        netlink.addr(
            "add", index=index, address=ip, prefixlen=int(length), **flags
        )
    return added


def _set_routes(netlink: IPRoute, wanted: Sequence[Route]) -> None:
    """Ours are those of protocol ``static``; the kernel's are let be."""
    indices = {
        route.device: netlink.link_lookup(ifname=route.device)[0]
        for route in wanted
        if route.device
    }
    plain: dict[str, Route] = {}
    for route in wanted:
        plain.setdefault(str(ip_network(route.cidr)), route)
    found = dict(_static_routes(netlink))
    for cidr in sorted(set(found) - set(plain)):
        netlink.route("del", dst=cidr, proto=_STATIC, family=_family(cidr))
    for cidr, route in plain.items():
        if found.get(cidr) != route.next_hop:
            _add_route(netlink, cidr, route, indices)


def _add_route(
    netlink: IPRoute, cidr: str, route: Route, indices: Mapping[str, int]
) -> None:
    through: dict[str, Any] = {}
    if route.device:
        through = {"oif": indices[route.device], "flags": _ONLINK}
    try:
        netlink.route(
            "replace",
            dst=cidr,
            gateway=route.next_hop,
            proto=_STATIC,
            family=_family(cidr),
            **through,
        )
    except NetlinkError as error:
        # One that leads nowhere must not keep the others away.
        LOG.warning("No route to %s by %s: %s", cidr, route.next_hop, error)


def _static_routes(netlink: IPRoute) -> Iterable[tuple[str, str]]:
    for family, everything in (
        (socket.AF_INET, IPv4Address(0)),
        (socket.AF_INET6, IPv6Address(0)),
    ):
        for one in netlink.get_routes(
            family=family, table=_MAIN_TABLE, proto=_STATIC
        ):
            to = one.get("dst") or everything
            yield f"{to}/{one['dst_len']}", one.get("gateway")


def _family(cidr: str) -> int:
    return socket.AF_INET6 if ":" in cidr else socket.AF_INET
