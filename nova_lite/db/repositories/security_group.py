# SPDX-License-Identifier: Apache-2.0
"""Security groups of the embedded network service, and their rules.

What uses a group up to its deletion is decided while its row is locked, so a
rule is in a group once, and no port gets a group that goes.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db import session as db
from nova_lite.db.models.network import (
    PortSecurityGroup,
    SecurityGroup,
    SecurityGroupRule,
)
from nova_lite.db.repositories import network_query, rows
from nova_lite.network import errors, group_errors, group_rules

DEFAULT = "default"

_GROUPS = SecurityGroup.__table__
_RULES = SecurityGroupRule.__table__
_PORT_GROUPS = PortSecurityGroup.__table__


def _rule_seen(project_id: str | None) -> Any:
    """A project sees its rules, and all of its groups."""
    own = sa.select(SecurityGroup.id).where(
        SecurityGroup.project_id == project_id
    )
    return sa.or_(
        SecurityGroupRule.project_id == project_id,
        SecurityGroupRule.security_group_id.in_(own),
    )


def _shared(values: Sequence[str]) -> Any:
    """No group is shared with another project."""
    wanted = {network_query.boolean("shared", one) for one in values}
    return sa.false() if wanted == {True} else sa.true()


GROUPS = network_query.Table(
    model=SecurityGroup,
    missing=errors.SecurityGroupNotFound,
    columns=network_query.standard_columns(SecurityGroup, "name", "stateful"),
    seen=network_query.own(SecurityGroup),
    conditions={"shared": _shared},
)
RULES = network_query.Table(
    model=SecurityGroupRule,
    missing=group_errors.SecurityGroupRuleNotFound,
    columns=network_query.standard_columns(
        SecurityGroupRule,
        "security_group_id",
        "direction",
        "ethertype",
        "protocol",
        "port_range_min",
        "port_range_max",
        "remote_ip_prefix",
        "remote_group_id",
    ),
    seen=_rule_seen,
)


def ensure_default(project_id: str) -> str:
    """The id of a project's default group, which is made when missing.

    A transaction of its own: call it before the one that uses the group.
    """
    try:
        return _ensure_default(project_id)
    except db_exc.DBDuplicateEntry:
        # Somebody else needed it at the same moment.
        return _ensure_default(project_id)


@db.transaction
def _ensure_default(project_id: str) -> str:
    with db.reader() as session:
        found = session.scalar(
            sa.select(_GROUPS.c.id).where(_GROUPS.c.default_of == project_id)
        )
    if found is not None:
        return str(found)
    with db.writer() as session:
        made = create(
            session,
            {
                "project_id": project_id,
                "name": DEFAULT,
                "description": "Default security group",
                "default_of": project_id,
            },
        )
        add_rules(
            session,
            made,
            [
                {
                    "direction": "ingress",
                    "ethertype": ethertype,
                    "remote_group_id": made.id,
                }
                for ethertype in group_rules.ETHERTYPES
            ],
        )
        return made.id


def default_of(project_id: str) -> Any:
    """A SELECT of the id of a project's default group."""
    return sa.select(_GROUPS.c.id).where(_GROUPS.c.default_of == project_id)


def create(session: orm.Session, values: Mapping[str, Any]) -> SecurityGroup:
    """A new group, with the two rules that let everything out."""
    made = SecurityGroup(id=str(uuid.uuid4()), **values)
    session.add(made)
    session.flush()
    add_rules(
        session,
        made,
        [
            {"direction": "egress", "ethertype": ethertype}
            for ethertype in group_rules.ETHERTYPES
        ],
    )
    return made


def delete(session: orm.Session, group: SecurityGroup) -> None:
    """Remove a group that the caller has locked.

    Raises: SecurityGroupInUse while a port has it.
    """
    if has_ports(session, group.id):
        raise group_errors.SecurityGroupInUse(id=group.id)
    gone = session.scalars(
        sa.select(_RULES.c.id).where(
            sa.or_(
                _RULES.c.security_group_id == group.id,
                _RULES.c.remote_group_id == group.id,
            )
        )
    )
    network_query.forget_tags(session, [group.id, *gone])
    try:
        rows.execute(
            session,
            sa.delete(SecurityGroup).where(_GROUPS.c.id == group.id),
        )
    except db_exc.DBReferenceError as error:
        raise group_errors.SecurityGroupInUse(id=group.id) from error


def naming(session: orm.Session, group_id: str) -> set[str]:
    """The groups that have a rule which names a group as its remote one."""
    found = session.scalars(
        sa.select(_RULES.c.security_group_id)
        .where(_RULES.c.remote_group_id == group_id)
        .distinct()
    )
    return set(found)


def has_ports(session: orm.Session, group_id: str) -> bool:
    """Whether any port has a group."""
    return bool(
        session.scalar(
            sa.select(sa.literal(1))
            .where(_PORT_GROUPS.c.security_group_id == group_id)
            .limit(1)
        )
    )


def check_new(
    session: orm.Session,
    group: SecurityGroup,
    wanted: Sequence[Mapping[str, Any]],
) -> None:
    """See that normal rules are new in a group that the caller has locked.

    Raises: SecurityGroupRuleExists, DuplicateSecurityGroupRuleInPost.
    """
    keys = {group_rules.key(one) for one in wanted}
    if len(keys) < len(wanted):
        raise group_errors.DuplicateSecurityGroupRuleInPost()
    for row in rules_of(session, [group.id])[group.id]:
        if group_rules.key(rows.as_dict(row)) in keys:
            raise group_errors.SecurityGroupRuleExists(id=row.id)


def add_rules(
    session: orm.Session,
    group: SecurityGroup,
    wanted: Sequence[Mapping[str, Any]],
) -> list[SecurityGroupRule]:
    """Add normal rules to a group."""
    made = [
        SecurityGroupRule(
            id=str(uuid.uuid4()),
            **{
                "security_group_id": group.id,
                "project_id": group.project_id,
                **one,
            },
        )
        for one in wanted
    ]
    session.add_all(made)
    session.flush()
    return made


def delete_rule(session: orm.Session, rule: SecurityGroupRule) -> None:
    """Remove a rule."""
    network_query.forget_tags(session, [rule.id])
    rows.execute(
        session, sa.delete(SecurityGroupRule).where(_RULES.c.id == rule.id)
    )


def rules_of(
    session: orm.Session, group_ids: Collection[str]
) -> dict[str, list[SecurityGroupRule]]:
    """The rules of groups, in the order of their creation."""
    kept: dict[str, list[SecurityGroupRule]] = {one: [] for one in group_ids}
    if not kept:
        return kept
    for row in session.scalars(
        sa.select(SecurityGroupRule)
        .where(_RULES.c.security_group_id.in_(group_ids))
        .order_by(_RULES.c.created_at, _RULES.c.id)
    ):
        kept[row.security_group_id].append(row)
    return kept


def of_ports(
    session: orm.Session, port_ids: Collection[str]
) -> dict[str, list[str]]:
    """The ids of the groups that ports have."""
    kept = defaultdict[str, list[str]](list)
    if port_ids:
        for port_id, group_id in session.execute(
            sa.select(_PORT_GROUPS.c.port_id, _PORT_GROUPS.c.security_group_id)
            .where(_PORT_GROUPS.c.port_id.in_(port_ids))
            .order_by(_PORT_GROUPS.c.security_group_id)
        ):
            kept[port_id].append(group_id)
    return kept
