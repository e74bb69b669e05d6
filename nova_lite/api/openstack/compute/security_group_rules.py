# SPDX-License-Identifier: Apache-2.0
"""The rules of security groups, as the proxy takes them, up to 2.35.

A rule says who may come in: a group, or a range of addresses to ports.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from nova_lite import exception, policy
from nova_lite.api.openstack import formats
from nova_lite.api.openstack.compute.proxies import LAST
from nova_lite.api.openstack.compute.schemas import (
    security_groups as schemas,
)
from nova_lite.api.openstack.compute.security_groups import GroupController
from nova_lite.api.openstack.compute.views import security_groups as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import security_groups as policies

_KEY = "security_group_rule"
_PATH = "/security-group-rules"
# What a rule that names a group and no ports lets in.
_ALL_PORTS: Mapping[str, tuple[int, int]] = {
    "ICMP": (-1, -1),
    "TCP": (1, 65535),
    "UDP": (1, 65535),
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A checked rule; no protocol is any, and then there are no ports."""

    protocol: str | None
    first: int | None
    last: int | None
    group_id: str | None
    cidr: str | None

    def same_as(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule of the network service is this one."""
        first, last = views.ports(rule)
        group_id = rule["remote_group_id"]
        cidr = rule["remote_ip_prefix"] or "0.0.0.0/0"
        return (rule["protocol"], first, last) == (
            self.protocol,
            self.first,
            self.last,
        ) and (
            group_id == self.group_id
            if self.group_id or group_id
            else cidr == self.cidr
        )


class SecurityGroupRulesController(GroupController):
    """/os-security-group-rules."""

    @operation(until=LAST, body=schemas.RULE, errors=(501,))
    def create(self, request: Request, body: Any) -> dict[str, Any]:
        """Give a security group a rule."""
        policy.authorize(request.context, policies.RULE_CREATE)
        asked = body[_KEY]
        group = self._group(request, asked["parent_group_id"])
        known = {group["id"]: group}
        if asked.get("group_id") is not None:
            remote = self._group(request, asked["group_id"])
            known[remote["id"]] = remote
        wanted = _wanted(asked)
        if any(wanted.same_as(rule) for rule in views.incoming(group)):
            raise exception.Invalid(
                f"This rule already exists in group {group['id']}"
            )
        try:
            made = self._call(
                request, "POST", _PATH, {_KEY: _wire(group["id"], wanted)}
            )
        except exception.Conflict as error:
            raise exception.SecurityGroupLimitExceeded(
                error.format_message()
            ) from error
        return {_KEY: views.rule_of(made[_KEY], known)}

    @operation(until=LAST, status=202, errors=(501,))
    def delete(self, request: Request, id: str) -> None:
        """Take a rule from its security group."""
        policy.authorize(request.context, policies.RULE_DELETE)
        if not formats.is_uuid(id):
            raise exception.Invalid("Security group id should be uuid")
        self._call(request, "DELETE", f"{_PATH}/{id}")


def _wire(group_id: str, wanted: _Wanted) -> dict[str, Any]:
    """The rule as the network service takes it."""
    # Any type or code of ICMP is -1 here, and nothing there.
    first, last = (
        None if port == -1 else port for port in (wanted.first, wanted.last)
    )
    return {
        "security_group_id": group_id,
        "direction": "ingress",
        "ethertype": "IPv6" if ":" in (wanted.cidr or "") else "IPv4",
        "protocol": wanted.protocol,
        "port_range_min": first,
        "port_range_max": last,
        "remote_group_id": wanted.group_id,
        "remote_ip_prefix": wanted.cidr,
    }


def _wanted(asked: Mapping[str, Any]) -> _Wanted:
    """Raises: Invalid."""
    group_id = asked.get("group_id")
    cidr = None if group_id else _cidr(asked.get("cidr"))
    protocol = asked.get("ip_protocol")
    first, last = asked.get("from_port"), asked.get("to_port")
    named = str(protocol).upper() if protocol else ""
    if group_id and first is None and last is None:
        first, last = _ALL_PORTS.get(named, (None, None))
    if not protocol or first is None or last is None:
        if cidr:
            raise exception.Invalid(
                "Not enough parameters to build a valid rule."
            )
        return _Wanted(None, None, None, group_id, cidr)
    low, high = _ports(named, first, last)
    return _Wanted(str(protocol).lower(), low, high, group_id, cidr)


def _ports(protocol: str, first: Any, last: Any) -> tuple[int, int]:
    """Raises: InvalidInput."""
    if protocol not in _ALL_PORTS:
        raise exception.InvalidInput(
            reason=f"Invalid IP protocol {protocol[:20]}."
        )
    try:
        low, high = int(first), int(last)
    except (TypeError, ValueError):
        raise exception.InvalidInput(
            reason="Type and Code must be integers for ICMP protocol type"
            if protocol == "ICMP"
            else "To and From ports must be integers"
        ) from None
    if protocol == "ICMP":
        if not (-1 <= low <= 255 and -1 <= high <= 255):
            raise exception.InvalidInput(
                reason="For ICMP, the type:code must be valid"
            )
    elif not 1 <= low <= high <= 65535:
        raise exception.InvalidInput(
            reason=f"Invalid port range {low}:{high}: the first of two ports "
            "from 1 to 65535 is not above the last."
        )
    return low, high


def _cidr(asked: Any) -> str:
    """A range of addresses; nothing is all of IPv4. Raises: Invalid."""
    if not asked:
        return "0.0.0.0/0"
    text = unquote(str(asked))
    try:
        if "/" not in text:
            raise ValueError
        network = ipaddress.ip_interface(text)
    except ValueError:
        raise exception.Invalid(
            f"{text[:60]} is not a valid IP network."
        ) from None
    if network.network.prefixlen == 0 and int(network.ip):
        raise exception.Invalid(f"Bad prefix for network in cidr {text}")
    return text
