# SPDX-License-Identifier: Apache-2.0
"""Rules of security groups as values: what one may say, which are the same.

Used by the embedded network service; knows no database.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from nova_lite.network import errors, group_errors

ETHERTYPES = ("IPv4", "IPv6")
DIRECTIONS = ("ingress", "egress")

# Names of IANA's registry that a rule may use.
PROTOCOLS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "icmpv6": 58,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
_WITH_PORTS = ("dccp", "sctp", "tcp", "udp", "udplite")
_PORT_NUMBERS = {PROTOCOLS[name] for name in _WITH_PORTS}
_ICMP = {PROTOCOLS["icmp"], PROTOCOLS["ipv6-icmp"]}
_IPV6_NAMES = {
    "ipv6-encap",
    "ipv6-frag",
    "ipv6-icmp",
    "icmpv6",
    "ipv6-nonxt",
    "ipv6-opts",
    "ipv6-route",
}
_IPV6_ONLY = _IPV6_NAMES | {str(PROTOCOLS[name]) for name in _IPV6_NAMES}

# Attributes that make two rules of a group the same rule.
_KEYS = (
    "direction",
    "ethertype",
    "port_range_max",
    "port_range_min",
    "protocol",
    "remote_group_id",
    "remote_ip_prefix",
)


def normal(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as it is kept, from a request's attributes.

    Raises: an Invalid of ``group_errors`` or ``errors`` that says what is
    wrong with it.
    """
    made = {name: rule.get(name) for name in _KEYS}
    ethertype = _ethertype(rule.get("ethertype", "IPv4"))
    made["direction"] = _direction(rule.get("direction"))
    made["ethertype"] = ethertype
    made["protocol"] = _protocol(rule.get("protocol"), ethertype)
    for name in ("port_range_min", "port_range_max"):
        made[name] = _port(rule.get(name))
    _check_ports(made)
    made["remote_ip_prefix"] = _prefix(rule.get("remote_ip_prefix"), ethertype)
    if made["protocol"] in _IPV6_ONLY and ethertype == "IPv4":
        raise group_errors.SecurityGroupEthertypeConflictWithProtocol(
            ethertype="IPv4", protocol=made["protocol"]
        )
    if made["remote_ip_prefix"] and made["remote_group_id"]:
        raise group_errors.SecurityGroupRemoteGroupAndRemoteIpPrefix()
    return made


def key(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    """What is equal for two rules that mean the same."""
    prefix = rule["remote_ip_prefix"]
    whole = {
        "remote_ip_prefix": None
        if prefix in ("0.0.0.0/0", "::/0")
        else prefix,
        "protocol": number(rule["protocol"]),
    }
    return tuple(whole.get(name, rule[name]) for name in _KEYS)


def number(protocol: str | None) -> int | None:
    """A protocol's number; None for any."""
    if protocol is None:
        return None
    return PROTOCOLS[protocol] if protocol in PROTOCOLS else int(protocol)


def _direction(value: Any) -> str:
    if value not in DIRECTIONS:
        raise errors.InvalidAttribute(
            name="direction", reason=f"'{value}' is not in {list(DIRECTIONS)}"
        )
    return str(value)


def _ethertype(value: Any) -> str:
    for known in ETHERTYPES:
        if isinstance(value, str) and value.lower() == known.lower():
            return known
    raise group_errors.SecurityGroupRuleInvalidEtherType(
        ethertype=value, values=", ".join(ETHERTYPES)
    )


def _protocol(value: Any, ethertype: str) -> str | None:
    """A name or a number as text; IPv6 knows ICMP by its own name."""
    if value is None:
        return None
    text = str(value).lower()
    if text in ("any", ""):
        return None
    if text.isascii() and text.isdigit() and int(text[:4]) <= 255:
        text = str(int(text))
    elif text not in PROTOCOLS or isinstance(value, bool):
        raise group_errors.SecurityGroupRuleInvalidProtocol(
            protocol=text[:40], values=", ".join(sorted(PROTOCOLS))
        )
    if ethertype == "IPv6":
        if text in ("icmp", "icmpv6"):
            return "ipv6-icmp"
        if text == "1":
            return "58"
    return text


def _port(value: Any) -> int | None:
    if value is None:
        return None
    text = str(value)
    if text.isascii() and text.isdigit() and int(text[:6]) <= 65535:
        return int(text)
    raise group_errors.SecurityGroupInvalidPortValue(port=text[:40])


def _check_ports(rule: Mapping[str, Any]) -> None:
    low, high = rule["port_range_min"], rule["port_range_max"]
    if low is None and high is None:
        return
    protocol = number(rule["protocol"])
    if protocol is None:
        raise group_errors.SecurityGroupProtocolRequiredWithPorts()
    if protocol in _PORT_NUMBERS:
        if 0 in (low, high):
            raise group_errors.SecurityGroupInvalidPortValue(port=0)
        if low is None or high is None or low > high:
            raise group_errors.SecurityGroupInvalidPortRange()
    elif protocol in _ICMP:
        _check_icmp(low, high)
    else:
        raise group_errors.SecurityGroupInvalidProtocolForPort(
            protocol=rule["protocol"],
            valid_port_protocols=", ".join(_WITH_PORTS).upper(),
        )


def _check_icmp(kind: int | None, code: int | None) -> None:
    for value, field, attr in (
        (kind, "type", "port_range_min"),
        (code, "code", "port_range_max"),
    ):
        if value is not None and value > 255:
            raise group_errors.SecurityGroupInvalidIcmpValue(
                field=field, attr=attr, value=value
            )
    if kind is None:
        raise group_errors.SecurityGroupMissingIcmpType(value=code)


def _prefix(value: Any, ethertype: str) -> str | None:
    """A CIDR; an address alone is one of its full length."""
    if not value:
        return None
    try:
        # A scope ("fe80::1%eth0") may be any text at all.
        if not isinstance(value, str) or "%" in value:
            raise ValueError(value)
        network = ipaddress.ip_interface(value)
    except ValueError as error:
        raise errors.InvalidAttribute(
            name="remote_ip_prefix",
            reason=f"'{str(value)[:64]}' is not a valid CIDR",
        ) from error
    if ethertype != f"IPv{network.version}":
        raise group_errors.SecurityGroupRuleParameterConflict(
            ethertype=ethertype, cidr=value
        )
    return str(network)


def normalized_cidr(prefix: str | None) -> str | None:
    """The network that a prefix stands for, without its host's bits."""
    if prefix is None:
        return None
    return str(ipaddress.ip_interface(prefix).network)
