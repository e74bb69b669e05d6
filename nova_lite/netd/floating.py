# SPDX-License-Identifier: Apache-2.0
"""Address translation of a router: its table of rules, and what goes with it.

Everything but ``rules`` is called in the router's namespace. A change of the
rules is one transaction, and connections that are there go on: the kernel
keeps their translation itself. So those of a floating ip that was taken away
are ended one by one.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_interface
from typing import Any

from pyroute2.netlink.nfnetlink.nfctsocket import NFCTAttrTuple, NFCTSocket

from nova_lite.netd.dhcp_tables import METADATA_IP
from nova_lite.netd.nft import Statement
from nova_lite.network.wanted import WantedRouter

FAMILY, TABLE = "ip", "nova_lite_router"

_TABLE = {"family": FAMILY, "table": TABLE}
_ETH_P_ARP = 0x0806
_ARP = struct.Struct("!6s6sHHHBBH6s4s6s4s")


def rules(router: WantedRouter, device: str) -> list[Statement]:
    """The table of a router, instead of the one that is there.

    ``device``: its leg in the external network, there or not.
    """
    table = {"table": {"family": FAMILY, "name": TABLE}}
    statements = [{"add": table}, {"delete": table}, {"add": table}]
    statements += [
        _chain("input", "filter", "input", 0),
        _chain("prerouting", "nat", "prerouting", -100),
        _chain("postrouting", "nat", "postrouting", 100),
        # The metadata are for the guests, not for what is outside.
        _rule(
            "input",
            _match(_meta("iifname"), device),
            _match(_address("daddr"), METADATA_IP),
            {"drop": None},
        ),
    ]
    pairs = [(one.address, one.fixed_address) for one in router.floating_ips]
    if pairs:
        statements += _one_to_one(pairs, device)
    own_ip = gateway_ip(router)
    if own_ip:
        to_own_ip = {"snat": {"addr": own_ip}}
        if pairs:
            # A guest without a floating ip that speaks to one: the answer
            # has to come back by the router.
            statements.append(
                _rule("postrouting", *_turned(device), to_own_ip)
            )
        if router.enable_snat:
            outward = _match(_meta("oifname"), device)
            statements.append(_rule("postrouting", outward, to_own_ip))
    return statements


def gateway_ip(router: WantedRouter) -> str | None:
    """Its own IPv4 address in the external network."""
    for address in router.gateway.addresses if router.gateway else ():
        parsed = ip_interface(address).ip
        if isinstance(parsed, IPv4Address):
            return str(parsed)
    return None


def _one_to_one(
    pairs: Sequence[tuple[str, str]], device: str
) -> list[Statement]:
    inward = [[floating, fixed] for floating, fixed in pairs]
    # The first of a port's floating ips is the one it is seen with.
    outward = list(
        {fixed: floating for floating, fixed in pairs[::-1]}.items()
    )
    to_floating = {"snat": {"addr": _lookup("saddr", outward)}}
    return [
        _rule("prerouting", {"dnat": {"addr": _lookup("daddr", inward)}}),
        _rule("postrouting", *_turned(device), to_floating),
        _rule("postrouting", _match(_meta("oifname"), device), to_floating),
    ]


def _turned(device: str) -> list[Statement]:
    """From a guest to a floating ip, and so back in."""
    return [
        _match({"ct": {"key": "status"}}, "dnat", "in"),
        _match(_meta("iifname"), device, "!="),
    ]


def _chain(name: str, kind: str, hook: str, priority: int) -> Statement:
    chain = {"name": name, "type": kind, "hook": hook, "prio": priority}
    return {"add": {"chain": {**_TABLE, **chain, "policy": "accept"}}}


def _rule(chain: str, *parts: Statement) -> Statement:
    return {"add": {"rule": {**_TABLE, "chain": chain, "expr": list(parts)}}}


def _match(left: Statement, right: Any, operator: str = "==") -> Statement:
    return {"match": {"op": operator, "left": left, "right": right}}


def _meta(key: str) -> Statement:
    return {"meta": {"key": key}}


def _address(field: str) -> Statement:
    return {"payload": {"protocol": "ip", "field": field}}


def _lookup(field: str, pairs: Iterable[Sequence[str]]) -> Statement:
    elements = [list(pair) for pair in pairs]
    return {"map": {"key": _address(field), "data": {"set": elements}}}


# --- what goes with it -------------------------------------------------------


def end_connections(floating: Collection[str]) -> int:
    """End what goes by these floating ips; how many there were."""
    with NFCTSocket() as conntrack:
        # One request at a time: all are read before the first is ended.
        entries = list(conntrack.dump())
        ended = [one for one in entries if _goes_by(one, floating)]
        for entry in ended:
            original = NFCTAttrTuple.from_netlink(
                entry["nfgen_family"], entry.get_attr("CTA_TUPLE_ORIG")
            )
            conntrack.entry("del", tuple_orig=original)
    return len(ended)


def _goes_by(entry: Any, floating: Collection[str]) -> bool:
    """In: its first packet was for it. Out: its answers are."""
    return any(
        entry.get_attr(which)
        .get_attr("CTA_TUPLE_IP")
        .get_attr("CTA_IP_V4_DST")
        in floating
        for which in ("CTA_TUPLE_ORIG", "CTA_TUPLE_REPLY")
    )


def announce(device: str, mac: str, addresses: Iterable[str]) -> None:
    """Tell the neighbours at once that an address is here now."""
    hardware = bytes.fromhex(mac.replace(":", ""))
    everybody = b"\xff" * 6
    kind = socket.AF_PACKET
    with socket.socket(kind, socket.SOCK_RAW, socket.htons(_ETH_P_ARP)) as out:
        out.bind((device, 0))
        for address in addresses:
            ip = ip_interface(address).ip
            if isinstance(ip, IPv6Address):
                continue  # the kernel does it (ndisc_notify)
            # A request for itself (RFC 5227), which all of them take in.
            out.send(
                _ARP.pack(
                    everybody,
                    hardware,
                    _ETH_P_ARP,
                    1,
                    0x0800,
                    6,
                    4,
                    1,
                    hardware,
                    ip.packed,
                    bytes(6),
                    ip.packed,
                )
            )
