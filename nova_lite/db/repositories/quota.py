# SPDX-License-Identifier: Apache-2.0
"""Limits of projects, users and classes; what is in use; the lock.

Called by ``nova_lite.quota``. Limits go out as dicts by the resource's name.
Nothing in use is stored: it is counted where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import mysql, postgresql

from nova_lite.compute import task_states, transitions, vm_states
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.models.keypair import KeyPair
from nova_lite.db.models.migration import Migration
from nova_lite.db.models.quota import Quota, QuotaClass, QuotaGuard
from nova_lite.db.models.server_group import ServerGroup, ServerGroupMember
from nova_lite.db.repositories import journal, resize, rows

_QUOTAS = Quota.__table__
_CLASSES = QuotaClass.__table__
_GUARDS = QuotaGuard.__table__
_SERVERS = Instance.__table__
_GROUPS = ServerGroup.__table__
_ACTIONS = InstanceAction.__table__
_MIGRATIONS = Migration.__table__

# In these a server may be promised more than its columns have yet.
_RESIZING = (
    task_states.RESIZE_PREP,
    task_states.RESIZE_MIGRATING,
    task_states.RESIZE_MIGRATED,
    task_states.RESIZE_FINISH,
    task_states.RESIZE_REVERTING,
)

DEFAULT_CLASS = "default"
_GUARD_LENGTH = 255

Limits = dict[str, int]


def lock(session: orm.Session, owner: str) -> None:
    """Let nobody else use up quota of ``owner`` until this transaction ends.

    On SQLite a transaction that writes is alone anyway. Two whose long names
    begin the same wait for one another for nothing.
    """
    owner = owner[:_GUARD_LENGTH]
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        return
    found = session.execute(
        sa.select(_GUARDS.c.project_id)
        .where(_GUARDS.c.project_id == owner)
        .with_for_update()
    ).first()
    if found is None:
        session.execute(_insert_guard(dialect, owner))


def _insert_guard(dialect: str, owner: str) -> Any:
    """Insert the row, or lock the one that somebody was quicker to insert."""
    values = {"project_id": owner}
    if dialect == "postgresql":
        return (
            postgresql.insert(QuotaGuard)
            .values(values)
            .on_conflict_do_update(index_elements=["project_id"], set_=values)
        )
    return (
        mysql.insert(QuotaGuard)
        .values(values)
        .on_duplicate_key_update(**values)
    )


def limits(
    session: orm.Session,
    project_id: str,
    user_id: str | None = None,
    resources: Iterable[str] | None = None,
) -> tuple[Limits, Limits, Limits]:
    """Limits that are stored: default class's, project's and the user's.

    ``resources`` None: all.
    """
    users = ["", user_id] if user_id else [""]
    stored = sa.select(
        _QUOTAS.c.resource,
        _QUOTAS.c.hard_limit,
        sa.case((_QUOTAS.c.user_id == "", 1), else_=2).label("level"),
    ).where(_QUOTAS.c.project_id == project_id, _QUOTAS.c.user_id.in_(users))
    classes = sa.select(
        _CLASSES.c.resource, _CLASSES.c.hard_limit, sa.literal(0)
    ).where(_CLASSES.c.class_name == DEFAULT_CLASS)
    if resources is not None:
        names = sorted(resources)
        stored = stored.where(_QUOTAS.c.resource.in_(names))
        classes = classes.where(_CLASSES.c.resource.in_(names))
    found: tuple[Limits, Limits, Limits] = ({}, {}, {})
    for name, limit, level in session.execute(sa.union_all(stored, classes)):
        found[level][name] = limit
    return found


def limits_of_users(session: orm.Session, project_id: str) -> list[Any]:
    """(user_id, resource, limit) of each limit of a project's users."""
    found = session.execute(
        sa.select(
            _QUOTAS.c.user_id, _QUOTAS.c.resource, _QUOTAS.c.hard_limit
        ).where(_QUOTAS.c.project_id == project_id, _QUOTAS.c.user_id != "")
    )
    return [tuple(row) for row in found]


def class_limits(session: orm.Session, name: str) -> Limits:
    """The limits that are stored for a class."""
    found = session.execute(
        sa.select(_CLASSES.c.resource, _CLASSES.c.hard_limit).where(
            _CLASSES.c.class_name == name
        )
    )
    return {row.resource: row.hard_limit for row in found}


def set_limits(
    session: orm.Session, project_id: str, user_id: str, values: Limits
) -> None:
    """Write limits of a project, or of one user of it."""
    _put(session, Quota, values, project_id=project_id, user_id=user_id)


def set_class_limits(session: orm.Session, name: str, values: Limits) -> None:
    """Write limits of a class."""
    _put(session, QuotaClass, values, class_name=name)


def _put(
    session: orm.Session, model: type[Any], values: Limits, **key: str
) -> None:
    """Replace what is there; the caller holds a lock on the key."""
    if not values:
        return
    columns = model.__table__.c
    mine = [columns[name] == value for name, value in key.items()]
    session.execute(
        sa.delete(model).where(*mine, columns.resource.in_(sorted(values)))
    )
    session.execute(
        sa.insert(model),
        [
            {**key, "resource": resource, "hard_limit": limit}
            for resource, limit in sorted(values.items())
        ],
    )


def forget(
    session: orm.Session, project_id: str, user_id: str | None = None
) -> None:
    """Remove a project's limits with its users', or one user's."""
    statement = sa.delete(Quota).where(Quota.project_id == project_id)
    if user_id:
        statement = statement.where(Quota.user_id == user_id)
    rows.execute(session, statement)


def used(
    session: orm.Session, project_id: str, user_id: str | None = None
) -> Mapping[str, int]:
    """What a project has, or one user in it: servers and server groups."""
    groups = sa.select(sa.func.count()).where(
        _GROUPS.c.project_id == project_id
    )
    servers = sa.select(*_server_sums()).where(*_of_project(project_id))
    if user_id:
        groups = groups.where(_GROUPS.c.user_id == user_id)
        servers = servers.where(_SERVERS.c.user_id == user_id)
    return _counted(
        session,
        servers.add_columns(groups.scalar_subquery().label("server_groups")),
    )


def _of_project(project_id: str) -> list[Any]:
    # A soft-deleted server counts from when its restore begins.
    counts = sa.or_(
        _SERVERS.c.vm_state != vm_states.SOFT_DELETED,
        _SERVERS.c.task_state == task_states.RESTORING,
    )
    return [
        _SERVERS.c.project_id == project_id,
        _SERVERS.c.deleted == 0,
        counts,
    ]


def _server_sums() -> list[Any]:
    return [
        sa.func.count().label("instances"),
        sa.func.coalesce(sa.func.sum(_SERVERS.c.vcpus), 0).label("cores"),
        sa.func.coalesce(sa.func.sum(_SERVERS.c.memory_mb), 0).label("ram"),
    ]


def _counted(session: orm.Session, statement: Any) -> dict[str, int]:
    row = session.execute(statement).mappings().one()
    return {name: int(value or 0) for name, value in row.items()}


def servers(
    session: orm.Session, project_id: str, user_id: str
) -> tuple[dict[str, int], dict[str, int]]:
    """instances, cores and ram of a project, and of one user of it.

    What a resize that is under way will use is used already.
    """
    own = _SERVERS.c.user_id == user_id
    resizing = sa.case((_SERVERS.c.task_state.in_(_RESIZING), 1), else_=0)
    parts = [
        sa.func.sum(resizing).label("resizing"),
        sa.func.sum(sa.case((own, 1), else_=0)).label("user_instances"),
        sa.func.sum(sa.case((own, _SERVERS.c.vcpus), else_=0)).label(
            "user_cores"
        ),
        sa.func.sum(sa.case((own, _SERVERS.c.memory_mb), else_=0)).label(
            "user_ram"
        ),
    ]
    counted = _counted(
        session,
        sa.select(*_server_sums(), *parts).where(*_of_project(project_id)),
    )
    if counted["resizing"]:
        for owner, cores, ram in _growing(session, project_id):
            counted["cores"] += cores
            counted["ram"] += ram
            if owner == user_id:
                counted["user_cores"] += cores
                counted["user_ram"] += ram
    names = ("instances", "cores", "ram")
    return (
        {name: counted[name] for name in names},
        {name: counted[f"user_{name}"] for name in names},
    )


def _growing(
    session: orm.Session, project_id: str
) -> Iterator[tuple[str, int, int]]:
    """User, cores and ram (MiB) of each resize or revert that needs more."""
    forward, back = transitions.RESIZE.name, transitions.REVERT_RESIZE.name
    found = session.execute(
        sa.select(
            _SERVERS.c.user_id,
            _SERVERS.c.vcpus,
            _SERVERS.c.memory_mb,
            _ACTIONS.c.operation,
            _ACTIONS.c.arguments,
            _MIGRATIONS.c.old_flavor,
        )
        .join(_ACTIONS, _ACTIONS.c.instance_uuid == _SERVERS.c.uuid)
        .outerjoin(
            _MIGRATIONS,
            sa.and_(
                _MIGRATIONS.c.instance_uuid == _SERVERS.c.uuid,
                _MIGRATIONS.c.status == resize.REVERTING,
            ),
        )
        .where(
            *_of_project(project_id),
            _SERVERS.c.task_state.in_(_RESIZING),
            _ACTIONS.c.state.in_(journal.OPEN),
            _ACTIONS.c.operation.in_((forward, back)),
        )
    )
    for row in found:
        due = row.arguments.get("new_flavor")
        if row.operation == back:
            due = row.old_flavor
        if due:
            yield (
                row.user_id,
                max(due["vcpus"] - row.vcpus, 0),
                max(due["memory_mb"] - row.memory_mb, 0),
            )


def server_groups(
    session: orm.Session, project_id: str, user_id: str
) -> tuple[dict[str, int], dict[str, int]]:
    """Server groups of a project, and of one user of it."""
    own = sa.case((_GROUPS.c.user_id == user_id, 1), else_=0)
    counted = _counted(
        session,
        sa.select(
            sa.func.count().label("all"), sa.func.sum(own).label("own")
        ).where(_GROUPS.c.project_id == project_id),
    )
    return (
        {"server_groups": counted["all"]},
        {"server_groups": counted["own"]},
    )


def key_pairs(session: orm.Session, user_id: str) -> int:
    """Key pairs of a user."""
    return _number(
        session,
        sa.select(sa.func.count()).where(KeyPair.user_id == user_id),
    )


def group_members(session: orm.Session, group_id: int, user_id: str) -> int:
    """Servers of a user in a server group (of this id in its table)."""
    return _number(
        session,
        sa.select(sa.func.count())
        .select_from(ServerGroupMember)
        .join(Instance, Instance.uuid == ServerGroupMember.instance_uuid)
        .where(
            ServerGroupMember.group_id == group_id,
            Instance.user_id == user_id,
            Instance.deleted == 0,
        ),
    )


def _number(session: orm.Session, statement: Any) -> int:
    return int(session.execute(statement).scalar_one())
