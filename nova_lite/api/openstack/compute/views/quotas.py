# SPDX-License-Identifier: Apache-2.0
"""How limits are shown: of a project, of a class, and as /limits.

A row maps a resource's name to its limit, or to what stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from nova_lite import quota
from nova_lite.api.openstack.compute.schemas.quotas import INJECTED, NETWORKS
from nova_lite.api.openstack.compute.views.columns import column
from nova_lite.api.openstack.versioned import Field, Fields

_GROUPS = ("server_group_members", "server_groups")


def _fields(networks_until: str, groups_since: str) -> Fields:
    """Fields of all resources, in the order of their names."""

    def field(name: str) -> Field:
        until = None
        if name in NETWORKS:
            until = networks_until
        elif name in INJECTED:
            until = "2.56"
        since = groups_since if name in _GROUPS else "2.1"
        return Field(since, name, column(name), until=until)

    return Fields(*(field(name) for name in quota.RESOURCES))


QUOTA_SET = _fields(networks_until="2.35", groups_since="2.1")
QUOTA_CLASS = _fields(networks_until="2.49", groups_since="2.50")


def detail(
    limits: dict[str, int], used: dict[str, int]
) -> dict[str, dict[str, int]]:
    """A row of what stands in a detailed quota set."""
    return {
        name: {"in_use": used[name], "limit": limits[name], "reserved": 0}
        for name in quota.RESOURCES
    }


@dataclass(frozen=True, slots=True)
class Absolute:
    """The limits of a project and what it uses, by resource."""

    limits: dict[str, int]
    used: dict[str, int]


def _limit(name: str, resource: str, until: str | None = None) -> Field:
    return Field("2.1", name, lambda row, _: row.limits[resource], until)


def _used(name: str, resource: str, until: str | None = None) -> Field:
    return Field("2.1", name, lambda row, _: row.used[resource], until)


ABSOLUTE = Fields(
    _limit("maxTotalInstances", "instances"),
    _limit("maxTotalCores", "cores"),
    _limit("maxTotalRAMSize", "ram"),
    _limit("maxTotalKeypairs", "key_pairs"),
    _limit("maxServerMeta", "metadata_items"),
    _limit("maxServerGroups", "server_groups"),
    _limit("maxServerGroupMembers", "server_group_members"),
    _limit("maxImageMeta", "metadata_items", "2.38"),
    _limit("maxPersonality", "injected_files", "2.56"),
    _limit("maxPersonalitySize", "injected_file_content_bytes", "2.56"),
    _limit("maxSecurityGroups", "security_groups", "2.35"),
    _limit("maxSecurityGroupRules", "security_group_rules", "2.35"),
    _limit("maxTotalFloatingIps", "floating_ips", "2.35"),
    _used("totalInstancesUsed", "instances"),
    _used("totalCoresUsed", "cores"),
    _used("totalRAMUsed", "ram"),
    _used("totalServerGroupsUsed", "server_groups"),
    _used("totalSecurityGroupsUsed", "security_groups", "2.35"),
    _used("totalFloatingIpsUsed", "floating_ips", "2.35"),
)
