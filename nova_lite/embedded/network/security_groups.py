# SPDX-License-Identifier: Apache-2.0
"""/v2.0/security-groups and /v2.0/security-group-rules.

Each project has a group named default, which is there before anybody sees or
uses a group of the project.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nova_lite.db.repositories import network_query
from nova_lite.db.repositories import security_group as groups_db
from nova_lite.embedded import http
from nova_lite.embedded.network import checks, quotas, rules
from nova_lite.embedded.network.attributes import (
    REQUIRED,
    Attribute,
    Resource,
)
from nova_lite.embedded.network.collection import (
    Collection,
    Work,
    standard,
    touch,
)
from nova_lite.network import errors, group_errors, group_rules

_RULE_FIELDS = (
    "security_group_id",
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
)


def _any(value: Any) -> Any:
    """Left to ``group_rules.normal``, which sees the rule as a whole."""
    return value


def _group_id(value: Any) -> str:
    """A group's id: what is no UUID is the id of none."""
    try:
        return checks.uuid(value)
    except ValueError as error:
        if not isinstance(value, str):
            raise
        raise errors.SecurityGroupNotFound(id=value[:80]) from error


class SecurityGroups(Collection):
    """Handlers of /v2.0/security-groups."""

    resource = Resource(
        "security_group",
        "security_groups",
        (
            Attribute("name", checks.text(), ""),
            Attribute("description", checks.text(), ""),
            Attribute("stateful", checks.boolean, True),
        ),
    )
    table = groups_db.GROUPS

    def index(self, request: http.Request) -> Any:
        """GET of the collection, with the project's default group."""
        context = request.context
        projects = {context.project_id}
        if rules.is_admin(context):
            projects.update(request.GET.getall("project_id"))
            projects.update(request.GET.getall("tenant_id"))
        for project_id in filter(None, projects):
            groups_db.ensure_default(project_id)
        return super().index(request)

    def prepare(
        self, context: rules.Context, values: dict[str, Any]
    ) -> dict[str, Any]:
        _check_name(values)
        groups_db.ensure_default(values["project_id"])
        return values

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        quotas.reserve(work, "security_group", items)

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        return groups_db.create(work.session, values)

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        _check_name(values)
        if row.default_of and "name" in values:
            raise group_errors.SecurityGroupCannotUpdateDefault()
        stateful = values.get("stateful", row.stateful)
        if stateful != row.stateful and groups_db.has_ports(
            work.session, row.id
        ):
            raise group_errors.SecurityGroupInUse(id=row.id)
        for name, value in values.items():
            setattr(row, name, value)

    def remove(self, work: Work, row: Any) -> None:
        if row.default_of and not rules.is_admin(work.context):
            raise group_errors.SecurityGroupCannotRemoveDefault()
        # Their rules about this group go with it.
        work.changes.groups |= groups_db.naming(work.session, row.id)
        groups_db.delete(work.session, row)

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        ids = [row.id for row in rows]
        inside = groups_db.rules_of(session, ids)
        every = [rule.id for of in inside.values() for rule in of]
        tags = network_query.tags(session, [*ids, *every])
        return [
            standard(row, tags[row.id])
            | {
                "name": row.name,
                "stateful": row.stateful,
                "shared": False,
                "security_group_rules": [
                    _rule_view(one, tags[one.id]) for one in inside[row.id]
                ],
            }
            for row in rows
        ]


def _check_name(values: dict[str, Any]) -> None:
    if values.get("name") == groups_db.DEFAULT:
        raise group_errors.SecurityGroupDefaultAlreadyExists()


class SecurityGroupRules(Collection):
    """Handlers of /v2.0/security-group-rules."""

    resource = Resource(
        "security_group_rule",
        "security_group_rules",
        (
            Attribute("security_group_id", checks.uuid, REQUIRED, put=False),
            Attribute("direction", _any, REQUIRED, put=False),
            Attribute("ethertype", _any, "IPv4", put=False),
            Attribute("protocol", _any, None, put=False),
            Attribute("port_range_min", _any, None, put=False),
            Attribute("port_range_max", _any, None, put=False),
            Attribute("remote_ip_prefix", _any, None, put=False),
            Attribute(
                "remote_group_id",
                checks.or_none(_group_id),
                None,
                put=False,
            ),
            Attribute("description", checks.text(), ""),
        ),
    )
    table = groups_db.RULES

    def prepare(
        self, context: rules.Context, values: dict[str, Any]
    ) -> dict[str, Any]:
        return values | group_rules.normal(values)

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        quotas.reserve(work, "security_group_rule", items)
        ids = {one["security_group_id"] for one in items}
        if len(ids) > 1:
            raise group_errors.SecurityGroupNotSingleGroupRules()
        group = self._group(work, ids.pop(), "create_security_group_rule")
        remote = {one["remote_group_id"] for one in items}
        for ident in sorted(filter(None, remote - {group.id})):
            network_query.get(
                work.session,
                groups_db.GROUPS,
                rules.viewer(work.context),
                ident,
            )
        groups_db.check_new(work.session, group, items)
        work.shared["group"] = group
        self._changed(work, group)

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        group = work.shared["group"]
        return groups_db.add_rules(work.session, group, [values])[0]

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(row, name, value)

    def remove(self, work: Work, row: Any) -> None:
        group = self._group(
            work, row.security_group_id, "delete_security_group_rule"
        )
        self._changed(work, group)
        groups_db.delete_rule(work.session, row)

    def owners(self, session: Any, row: Any) -> tuple[str, ...]:
        group = network_query.get(
            session,
            groups_db.GROUPS,
            network_query.ANYBODY,
            row.security_group_id,
        )
        return (row.project_id, group.project_id)

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        tags = network_query.tags(session, [row.id for row in rows])
        return [_rule_view(row, tags[row.id]) for row in rows]

    @staticmethod
    def _group(work: Work, ident: str, action: str) -> Any:
        """The rules' group, locked. Raises: SecurityGroupNotFound."""
        table = groups_db.GROUPS
        group = network_query.get(
            work.session,
            table,
            rules.viewer(work.context),
            ident,
            for_update=True,
        )
        rules.check_change(
            work.context, action, (group.project_id,), table.missing(id=ident)
        )
        return group

    @staticmethod
    def _changed(work: Work, group: Any) -> None:
        work.changes.groups.add(group.id)
        touch(group)


def _rule_view(row: Any, tags: Sequence[str]) -> dict[str, Any]:
    return (
        standard(row, tags)
        | {name: getattr(row, name) for name in _RULE_FIELDS}
        | {
            "remote_address_group_id": None,
            "normalized_cidr": group_rules.normalized_cidr(
                row.remote_ip_prefix
            ),
        }
    )
