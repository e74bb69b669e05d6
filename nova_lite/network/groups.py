# SPDX-License-Identifier: Apache-2.0
"""Security groups of servers: a group is on a server's ports."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from nova_lite import exception
from nova_lite.network import api
from nova_lite.network.service import Row, Service

DEFAULT = "default"
# For so long lists of servers do not wait for a service that is away.
_QUIET_S = 10.0
_now = time.monotonic
# Spares the service their rules.
_NAMES = ["id", "name"]


class Groups(Service):
    """Groups by id or name, put on ports and taken off them."""

    def add_security_group(
        self, context: api.Context, instance_uuid: str, group: str
    ) -> None:
        ident = self._group_id(context, group)
        ports = self._ports_of(context, instance_uuid)
        if not ports:
            raise exception.NotFound(
                f"Instance {instance_uuid} has no port to put security group "
                f"{group} on."
            )
        able = [
            port
            for port in ports
            if port.get("port_security_enabled", True) and port["fixed_ips"]
        ]
        if not able:
            raise exception.SecurityGroupCannotBeApplied
        for port in able:
            if ident not in port["security_groups"]:
                groups = [*port["security_groups"], ident]
                self._update_port(context, port["id"], security_groups=groups)

    def remove_security_group(
        self, context: api.Context, instance_uuid: str, group: str
    ) -> None:
        ident = self._group_id(context, group)
        having = [
            port
            for port in self._ports_of(context, instance_uuid)
            if ident in port["security_groups"]
        ]
        if not having:
            raise exception.SecurityGroupNotExistsForInstance(
                security_group_id=group, instance_id=instance_uuid
            )
        for port in having:
            groups = [one for one in port["security_groups"] if one != ident]
            self._update_port(context, port["id"], security_groups=groups)

    # When servers' groups are to be asked for again.
    _again_at = 0.0

    def instance_security_groups(
        self, context: api.Context, instance_uuids: Collection[str]
    ) -> dict[str, list[dict[str, Any]]]:
        if _now() < self._again_at:
            raise exception.ServiceUnavailable(
                reason="the network service did not answer a moment ago"
            )
        try:
            return self._groups_of(context, instance_uuids)
        except exception.ServiceUnavailable:
            self._again_at = _now() + _QUIET_S
            raise

    def _groups_of(
        self, context: api.Context, instance_uuids: Collection[str]
    ) -> dict[str, list[dict[str, Any]]]:
        ports = self._among(
            context,
            "ports",
            "device_id",
            instance_uuids,
            for_show=True,
            fields=["device_id", "security_groups"],
        )
        idents = {one for port in ports for one in port["security_groups"]}
        names = {
            row["id"]: row["name"]
            for row in self._among(
                context,
                "security-groups",
                "id",
                idents,
                for_show=True,
                fields=_NAMES,
            )
        }
        found: dict[str, list[dict[str, Any]]] = {
            uuid: [] for uuid in instance_uuids
        }
        for port in ports:
            groups = found.setdefault(port["device_id"], [])
            for ident in port["security_groups"]:
                one = {"id": ident, "name": names.get(ident, ident)}
                if one not in groups:
                    groups.append(one)
        return found

    def _group_id(self, context: api.Context, group: str) -> str:
        """The id of a group that the user names."""
        own = {"project_id": context.project_id or "", "fields": _NAMES}
        rows = self.security_groups(context, own)
        [ident] = _picked([group], rows, context.project_id)
        return ident

    def _group_ids(
        self, context: api.Context, project_id: str, groups: Collection[str]
    ) -> list[str]:
        """Ids of the groups of a new port; none leaves it to the service.

        The service itself gives a port the project's default group.
        """
        if not groups or set(groups) == {DEFAULT}:
            return []
        own = {"project_id": project_id, "fields": _NAMES}
        rows = self._all(context, "security-groups", own, as_account=True)
        return _picked(groups, rows, project_id)


def _picked(
    wanted: Collection[str], rows: Collection[Row], project_id: str | None
) -> list[str]:
    """Ids of groups by id or by name, each once.

    Raises: SecurityGroupNotFound, NoUniqueMatch.
    """
    found: list[str] = []
    for name in wanted:
        exact = [row["id"] for row in rows if row["id"] == name]
        same = exact or [row["id"] for row in rows if row["name"] == name]
        if not same:
            raise exception.SecurityGroupNotFound(
                f"Security group {name} not found for project {project_id}."
            )
        if len(same) > 1:
            raise exception.NoUniqueMatch(what="security groups", name=name)
        if same[0] not in found:
            found.append(same[0])
    return found
