# SPDX-License-Identifier: Apache-2.0
"""Network devices of a host, over netlink.

Used by netd.switch, in nova-lite-netd's converging thread. What we made
carries ``nova-lite:<id>`` as its alias, so that nothing else is ever taken
away. A device that a kill left between its making and its alias is known by
its name, and by being down and in no bridge.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from nova_lite import exception

# It tells each message to the kernel, and forgets its level when imported.
logging.getLogger("pyroute2").setLevel(logging.INFO)

_OURS = "nova-lite:"
_NAMES = re.compile(r"(brq|tap)[0-9a-f]{8}-[0-9a-f]{2}|vxlan-\d+")
_KINDS = ("bridge", "tun", "vxlan")

_UP = 1  # IFF_UP
_LOWER_UP = 1 << 16  # IFF_LOWER_UP
_NO_DEVICE = 19  # ENODEV
_NO_ENTRY = 2  # ENOENT
_EXISTS = 17  # EEXIST

# <linux/if_tun.h>
_TUNSETIFF = 0x400454CA
_TUNSETPERSIST = 0x400454CB
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000

_VXLAN_PORT = 4789
_NTF_SELF = 2

# Every frame that is for nobody in particular, or for nobody known.
EVERYBODY = "00:00:00:00:00:00"


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the kernel has it. ``mark``: what its alias says, or "".

    ``used``: somebody is at its other end; of a tap, an emulator.
    ``filtered``: a bridge whose packets go through br_netfilter. ``vxlan``:
    its id and its local address.
    """

    index: int
    name: str
    kind: str
    up: bool
    mtu: int
    mac: str
    bridge: int
    mark: str
    ours: bool
    used: bool = False
    filtered: bool = False
    vxlan: tuple[int, str] | None = None


class Links:
    """Devices of the namespace of the thread that uses it."""

    def __init__(self) -> None:
        self._netlink: Any = IPRoute()

    def close(self) -> None:
        """Close the socket."""
        self._netlink.close()

    def all(self) -> Iterator[Device]:
        """Every device of the kinds that we make."""
        for message in self._netlink.get_links():
            device = _device(message)
            if device is not None:
                yield device

    def get(self, name: str) -> Device | None:
        """One of them by name."""
        try:
            found = self._netlink.link("get", ifname=name)
        except NetlinkError as error:
            if error.code == _NO_DEVICE:
                return None
            raise
        return _device(found[0]) if found else None

    def make_bridge(self, name: str, mark: str, mtu: int) -> Device:
        """A bridge that is up, and in which the host has no part."""
        self._netlink.link(
            "add",
            ifname=name,
            kind="bridge",
            # Its own for good: it would else be that of one of its ports.
            address=_own_mac(),
            mtu=mtu,
            br_stp_state=0,
            br_mcast_snooping=0,
        )
        return self._begin(name, mark)

    def make_vxlan(
        self, name: str, mark: str, mtu: int, vni: int, local: str
    ) -> Device:
        """A tunnel that sends where it is told, and learns nothing."""
        field = "vxlan_local6" if ":" in local else "vxlan_local"
        self._netlink.link(
            "add",
            ifname=name,
            kind="vxlan",
            vxlan_id=vni,
            vxlan_port=_VXLAN_PORT,
            vxlan_learning=False,
            mtu=mtu,
            **{field: local},
        )
        return self._begin(name, mark)

    def make_tap(self, name: str, mark: str, mac: str, mtu: int) -> Device:
        """A tap that stays without its guest; down, and in no bridge."""
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        try:
            request = struct.pack("16sH22x", name.encode(), _FLAGS)
            fcntl.ioctl(descriptor, _TUNSETIFF, request)
            # Until the last line it goes away by itself if we do.
            made = self._begin(name, mark, up=False)
            self.change(made, address=host_mac(mac), mtu=mtu)
            fcntl.ioctl(descriptor, _TUNSETPERSIST, 1)
        finally:
            os.close(descriptor)
        return made

    def _begin(self, name: str, mark: str, up: bool = True) -> Device:
        made = self.get(name)
        if made is None:
            raise exception.NetworkError(reason=f"{name} is gone again")
        # The host takes no part in its guests' networks.
        no_ipv6 = Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
        if no_ipv6.exists():
            no_ipv6.write_text("1")
        self.change(made, ifalias=f"{_OURS}{mark}")
        if up:
            self.change(made, state="up")
        return made

    def change(self, device: Device, **to: Any) -> None:
        """Set what is named: state, mtu, master, address, ifalias."""
        self._netlink.link("set", index=device.index, **to)

    def filter_bridge(self, device: Device, on: bool) -> None:
        """Whether packets of a bridge go through br_netfilter."""
        self._netlink.link(
            "set",
            index=device.index,
            kind="bridge",
            br_nf_call_iptables=int(on),
            br_nf_call_ip6tables=int(on),
        )

    def take_out(self, device: Device) -> None:
        """Put a device into no bridge."""
        self._netlink.link("set", index=device.index, master=0)

    def remove(self, device: Device) -> None:
        """Take a device away; gone is no error."""
        try:
            self._netlink.link("del", index=device.index)
        except NetlinkError as error:
            if error.code != _NO_DEVICE:
                raise

    # --- where a tunnel sends ---

    def forwarding(self) -> dict[int, set[tuple[str, str]]]:
        """(mac, tunnel address) of every vxlan device, by its number."""
        found: dict[int, set[tuple[str, str]]] = {}
        for entry in self._netlink.fdb("dump"):
            to = entry.get_attr("NDA_DST")
            if to is not None:
                pair = entry.get_attr("NDA_LLADDR"), to
                found.setdefault(entry["ifindex"], set()).add(pair)
        return found

    def forward(self, device: Device, mac: str, to: str) -> None:
        """Send what is for a MAC to a tunnel address."""
        verb = "append" if mac == EVERYBODY else "replace"
        try:
            self._netlink.fdb(
                verb,
                ifindex=device.index,
                lladdr=mac,
                dst=to,
                # The tunnel's own table, not that of its bridge.
                flags=_NTF_SELF,
            )
        except NetlinkError as error:
            if error.code != _EXISTS:
                raise

    def stop_forwarding(self, device: Device, mac: str, to: str) -> None:
        """Send no more; gone is no error."""
        try:
            self._netlink.fdb(
                "del",
                ifindex=device.index,
                lladdr=mac,
                dst=to,
                flags=_NTF_SELF,
            )
        except NetlinkError as error:
            if error.code != _NO_ENTRY:
                raise


_FLAGS = _IFF_TAP | _IFF_NO_PI


def host_mac(mac: str) -> str:
    """The tap's own MAC for a guest's.

    So high that a bridge that takes its MAC from its ports keeps its own.
    """
    return f"fe:{mac.lower().partition(':')[2]}"


def _own_mac() -> str:
    return ":".join(f"{octet:02x}" for octet in (0x02, *os.urandom(5)))


def _device(message: Any) -> Device | None:
    details = message.get_attr("IFLA_LINKINFO")
    kind = details and details.get_attr("IFLA_INFO_KIND")
    if kind not in _KINDS:
        return None
    name = message.get_attr("IFLA_IFNAME")
    alias = message.get_attr("IFLA_IFALIAS") or ""
    up = bool(message["flags"] & _UP)
    bridge = message.get_attr("IFLA_MASTER") or 0
    unfinished = not alias and not up and not bridge
    data = details.get_attr("IFLA_INFO_DATA")
    filtered, vxlan = False, None
    if kind == "bridge":
        filtered = bool(data.get_attr("IFLA_BR_NF_CALL_IPTABLES"))
    elif kind == "vxlan":
        local = data.get_attr("IFLA_VXLAN_LOCAL") or data.get_attr(
            "IFLA_VXLAN_LOCAL6"
        )
        vxlan = data.get_attr("IFLA_VXLAN_ID"), local or ""
    return Device(
        index=message["index"],
        name=name,
        kind=kind,
        up=up,
        mtu=message.get_attr("IFLA_MTU"),
        mac=message.get_attr("IFLA_ADDRESS") or "",
        bridge=bridge,
        mark=alias.removeprefix(_OURS) if alias.startswith(_OURS) else "",
        ours=alias.startswith(_OURS)
        or (unfinished and _NAMES.fullmatch(name) is not None),
        used=bool(message["flags"] & _LOWER_UP),
        filtered=filtered,
        vxlan=vxlan,
    )
