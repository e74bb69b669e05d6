# SPDX-License-Identifier: Apache-2.0
"""Security groups in the Compute API's form: their rules for what comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Group = Mapping[str, Any]
Rule = Mapping[str, Any]

_WITH_PORTS = frozenset({"tcp", "udp"})


def incoming(group: Group) -> list[Rule]:
    """The rules of a group that the Compute API knows of."""
    return [
        rule
        for rule in group.get("security_group_rules", ())
        if rule["direction"] == "ingress"
    ]


def remotes(groups: Iterable[Group]) -> set[str]:
    """The ids of the groups that rules of these name."""
    return {
        rule["remote_group_id"]
        for group in groups
        for rule in incoming(group)
        if rule["remote_group_id"]
    }


def list_(
    groups: Iterable[Group], known: Mapping[str, Group]
) -> list[dict[str, Any]]:
    """Groups in their order; ``known`` by id are those that rules name."""
    shown = [group_of(one, known) for one in groups]
    return sorted(shown, key=lambda one: (one["tenant_id"], one["name"]))


def group_of(group: Group, known: Mapping[str, Group]) -> dict[str, Any]:
    """A group. A rule that names a group nobody knows is left out."""
    return {
        "id": group["id"],
        "name": group["name"],
        "description": group["description"],
        "tenant_id": group["tenant_id"],
        "rules": [
            rule_of(rule, known)
            for rule in incoming(group)
            if not rule["remote_group_id"] or rule["remote_group_id"] in known
        ],
    }


def rule_of(rule: Rule, known: Mapping[str, Group]) -> dict[str, Any]:
    """A rule; who may come in is a group or a range of addresses."""
    first, last = ports(rule)
    shown: dict[str, Any] = {
        "id": rule["id"],
        "parent_group_id": rule["security_group_id"],
        "ip_protocol": rule["protocol"],
        "from_port": first,
        "to_port": last,
        "group": {},
        "ip_range": {},
    }
    remote = known.get(rule["remote_group_id"])
    if remote is not None:
        shown["group"] = {
            "name": remote["name"],
            "tenant_id": remote["tenant_id"],
        }
    else:
        shown["ip_range"] = {"cidr": rule["remote_ip_prefix"] or "0.0.0.0/0"}
    return shown


def ports(rule: Rule) -> Sequence[int | None]:
    """First and last port, or type and code; all of them are said in full."""
    first, last = rule["port_range_min"], rule["port_range_max"]
    if rule["protocol"] and first is None and last is None:
        named = rule["protocol"].lower() in _WITH_PORTS
        return (1, 65535) if named else (-1, -1)
    return first, last
