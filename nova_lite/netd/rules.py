# SPDX-License-Identifier: Apache-2.0
"""Rules of the firewall: what a port's guest may send and be sent.

Pure: values in, rules out. Used by netd.firewall, which says where the
chains hang.

Statefulness: what answers a connection that the rules allow comes through,
but every packet in the connection's own direction is judged anew. So a rule
that is taken away ends running connections with their next packet, and
nothing has to be flushed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from typing import Any

from nova_lite.netd.table import Expression, Rule, intervals, rule
from nova_lite.network.group_rules import PROTOCOLS
from nova_lite.network.wanted import WantedGroup, WantedPort, WantedRule

ACCEPT: Expression = {"accept": None}
DROP: Expression = {"drop": None}

_WITH_PORTS = {6, 17, 33, 132, 136}
_ICMP, _ICMPV6 = 1, 58

# What may always go to a guest, so that IPv6 works at all: listener queries
# and reports, router and neighbour discovery.
_ICMPV6_TO = [130, 131, 132, 134, 135, 136]
# What may always come from one; no router's word is among it.
_ICMPV6_FROM = [131, 132, 133, 135, 136, 143]
_ROUTER_ADVERT, _NEIGHBOUR_ADVERT, _REDIRECT = 134, 136, 137
# Of a neighbour's word, the address that it is about (RFC 4861, 4.4). This
# nftables has no name for it.
_TARGET = {"payload": {"base": "th", "offset": 64, "len": 128}}

_IP, _IP6, _ARP = "ip", "ip6", "arp"


def meta(key: str) -> Expression:
    """What the kernel knows of a packet beside its bytes."""
    return {"meta": {"key": key}}


def field(protocol: str, name: str) -> Expression:
    """A field of a header."""
    return {"payload": {"protocol": protocol, "field": name}}


def match(left: Expression, right: Any, op: str = "==") -> Expression:
    """A condition."""
    return {"match": {"op": op, "left": left, "right": right}}


def jump(chain: str) -> Expression:
    """Go through another chain, and come back."""
    return {"jump": {"target": chain}}


def ether_type(name: str) -> Expression:
    """The condition that a frame carries this."""
    return match(field("ether", "type"), name)


def set_name(group_id: str, version: int) -> str:
    """The set with the addresses of a group's members."""
    return f"members{version}-{group_id}"


# --- spoofing ---------------------------------------------------------------


def own_addresses(port: WantedPort) -> set[tuple[str, str]]:
    """(mac, address or CIDR) that a port may send from, IPv6's own among
    them."""
    pairs = {(port.mac.lower(), address) for _, address in port.fixed_ips}
    pairs |= {
        (mac.lower() or port.mac.lower(), address)
        for mac, address in port.allowed_pairs
    }
    macs = {mac for mac, _ in pairs} | {port.mac.lower()}
    return pairs | {(mac, link_local(mac)) for mac in macs}


def link_local(mac: str) -> str:
    """The address that IPv6 makes of a MAC (EUI-64)."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 2
    octets[3:3] = [0xFF, 0xFE]
    packed = bytes([0xFE, 0x80, *[0] * 6, *octets])
    return str(ipaddress.IPv6Address(packed))


def spoofing(port: WantedPort) -> list[Rule]:
    """What a guest may not pretend; hung where its frames come in.

    Nothing but ARP, IPv4 and IPv6 comes through, so no tagged frame either.
    """
    pairs = own_addresses(port)
    macs = sorted({mac for mac, _ in pairs} | {port.mac.lower()})
    made = [
        rule(match(field("ether", "saddr"), {"set": macs}, "!="), DROP),
        rule(
            ether_type(_ARP),
            match(field("arp", "saddr ether"), {"set": macs}, "!="),
            DROP,
        ),
    ]
    made += _own(pairs, macs, 4, _ARP, field("arp", "saddr ip"), ["0.0.0.0"])  # noqa: S104
    made += [
        rule(ether_type(_ARP), ACCEPT),
        # A guest without an address asks for one.
        rule(
            ether_type(_IP),
            match(field("ip", "saddr"), "0.0.0.0"),  # noqa: S104
            match(field("udp", "sport"), 68),
            match(field("udp", "dport"), 67),
            ACCEPT,
        ),
        rule(ether_type(_IP), *_udp(67, 68), DROP),
        rule(ether_type(_IP6), *_udp(547, 546), DROP),
        rule(
            ether_type(_IP6),
            match(
                field("icmpv6", "type"), {"set": [_ROUTER_ADVERT, _REDIRECT]}
            ),
            DROP,
        ),
    ]
    made += _neighbours(pairs, macs)
    made += _own(pairs, macs, 4, _IP, field("ip", "saddr"), [])
    made += _own(pairs, macs, 6, _IP6, field("ip6", "saddr"), ["::"])
    made += [
        rule(ether_type(_IP), ACCEPT),
        rule(ether_type(_IP6), ACCEPT),
        rule(DROP),
    ]
    return made


def _own(
    pairs: Collection[tuple[str, str]],
    macs: Collection[str],
    version: int,
    frame: str,
    source: Expression,
    always: Collection[str],
) -> list[Rule]:
    """Drop what has a source that is none of its MAC's own."""
    made = []
    for mac in macs:
        sources = _sources(pairs, mac, version)
        if sources is None:
            continue
        elements = addresses([*sources, *always], version)
        others = [match(source, {"set": elements}, "!=")] if elements else []
        made.append(
            rule(
                ether_type(frame),
                match(field("ether", "saddr"), mac),
                *others,
                DROP,
            )
        )
    return made


def _neighbours(
    pairs: Collection[tuple[str, str]], macs: Collection[str]
) -> list[Rule]:
    """Drop the word that another's address is at a MAC."""
    made = []
    for mac in macs:
        sources = _sources(pairs, mac, 6)
        if sources is None:
            continue
        spans = sorted(intervals(sources, 6))
        targets = [{"range": [hex(one), hex(last)]} for one, last in spans]
        made.append(
            rule(
                ether_type(_IP6),
                match(field("ether", "saddr"), mac),
                match(field("icmpv6", "type"), _NEIGHBOUR_ADVERT),
                match(_TARGET, {"set": targets}, "!="),
                DROP,
            )
        )
    return made


def _sources(
    pairs: Collection[tuple[str, str]], mac: str, version: int
) -> list[str] | None:
    """The addresses and CIDRs that a MAC may send from; None: all."""
    found = [
        address
        for of, address in pairs
        if of == mac and (":" in address) == (version == 6)
    ]
    return None if any(one.endswith("/0") for one in found) else found


def addresses(networks: Collection[str], version: int) -> list[Any]:
    """Addresses and CIDRs as elements of an anonymous set."""
    parsed = (ipaddress.ip_network(one, strict=False) for one in networks)
    if version == 4:
        flat = ipaddress.collapse_addresses(
            one for one in parsed if isinstance(one, ipaddress.IPv4Network)
        )
        return [_prefix(one) for one in flat]
    return [
        _prefix(one)
        for one in ipaddress.collapse_addresses(
            one for one in parsed if isinstance(one, ipaddress.IPv6Network)
        )
    ]


def _prefix(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Any:
    if network.num_addresses == 1:
        return str(network.network_address)
    address = str(network.network_address)
    return {"prefix": {"addr": address, "len": network.prefixlen}}


# --- security groups ---------------------------------------------------------


def to_guest(
    port: WantedPort, groups: Mapping[str, WantedGroup]
) -> list[Rule]:
    """The chain that a packet to a guest goes through."""
    return [
        *_answers(port, groups),
        rule(match(meta("protocol"), _IP), *_udp(67, 68), ACCEPT),
        rule(match(meta("protocol"), _IP6), *_udp(547, 546), ACCEPT),
        rule(match(field("icmpv6", "type"), {"set": _ICMPV6_TO}), ACCEPT),
        *(rule(jump(chain_of(one, "ingress"))) for one in sorted(port.groups)),
        rule(DROP),
    ]


def from_guest(
    port: WantedPort, groups: Mapping[str, WantedGroup]
) -> list[Rule]:
    """The chain that a packet of a guest goes through."""
    return [
        *_answers(port, groups),
        rule(match(meta("protocol"), _IP), *_udp(68, 67), ACCEPT),
        rule(match(meta("protocol"), _IP6), *_udp(546, 547), ACCEPT),
        rule(match(field("icmpv6", "type"), {"set": _ICMPV6_FROM}), ACCEPT),
        *(rule(jump(chain_of(one, "egress"))) for one in sorted(port.groups)),
        rule(DROP),
    ]


def _udp(source: int, destination: int) -> tuple[Expression, Expression]:
    return (
        match(field("udp", "sport"), source),
        match(field("udp", "dport"), destination),
    )


def _answers(
    port: WantedPort, groups: Mapping[str, WantedGroup]
) -> list[Rule]:
    """What belongs to connections of a port's stateful groups."""
    if not any(groups[one].stateful for one in port.groups if one in groups):
        return []
    state: Expression = {"ct": {"key": "state"}}
    return [
        rule(match(state, "related", "in"), ACCEPT),
        rule(
            match(state, "established", "in"),
            match({"ct": {"key": "direction"}}, "reply"),
            ACCEPT,
        ),
    ]


def chain_of(group_id: str, direction: str) -> str:
    """The chain of a group's rules of a direction."""
    return f"{direction}-{group_id}"


def group_rules(group: WantedGroup, direction: str) -> list[Rule]:
    """The rules of a group of a direction, each once."""
    made = {
        (one := _allow(wanted)).digest: one
        for wanted in group.rules
        if wanted.direction == direction
    }
    return [made[digest] for digest in sorted(made)]


def _allow(wanted: WantedRule) -> Rule:
    """Accept what a security group rule describes."""
    version = 6 if wanted.ethertype == "IPv6" else 4
    conditions = [match(meta("protocol"), _IP6 if version == 6 else _IP)]
    far = "saddr" if wanted.direction == "ingress" else "daddr"
    address = field("ip6" if version == 6 else "ip", far)
    if wanted.remote_group_id is not None:
        name = set_name(wanted.remote_group_id, version)
        conditions.append(match(address, f"@{name}"))
    elif wanted.remote_ip_prefix is not None:
        network = ipaddress.ip_network(wanted.remote_ip_prefix, strict=False)
        if network.prefixlen:
            conditions.append(match(address, _prefix(network)))
    return rule(*conditions, *_protocol(wanted, version), ACCEPT)


def _protocol(wanted: WantedRule, version: int) -> list[Expression]:
    name = str(wanted.protocol or 0).lower()
    number = PROTOCOLS[name] if name in PROTOCOLS else int(name)
    if not number:
        return []
    if version == 6 and number == _ICMP:
        number = _ICMPV6
    made = [match(meta("l4proto"), number)]
    low, high = wanted.port_min, wanted.port_max
    if number in (_ICMP, _ICMPV6):
        header = "icmp" if number == _ICMP else "icmpv6"
        if low is not None:
            made.append(match(field(header, "type"), low))
        if high is not None:
            made.append(match(field(header, "code"), high))
    elif number in _WITH_PORTS and (low is not None or high is not None):
        first = 1 if low is None else low
        last = first if high is None else high
        span: Any = first if first == last else {"range": [first, last]}
        made.append(match(field("th", "dport"), span))
    return made
