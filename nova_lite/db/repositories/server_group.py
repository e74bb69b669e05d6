# SPDX-License-Identifier: Apache-2.0
"""Server groups and their members; rows as dicts.

Called by the API's controllers and by compute.API. Where the members are is
read in ``occupancy``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.server_group import ServerGroup, ServerGroupMember
from nova_lite.db.repositories import rows

_TABLE = ServerGroup.__table__
_MEMBERS = ServerGroupMember.__table__


def get(
    session: orm.Session, uuid: str, project_id: str | None = None
) -> dict[str, Any]:
    """A group with its members, of any project when that is None.

    Raises: ServerGroupNotFound, also for one of another project.
    """
    statement = _of_project(sa.select(_TABLE), project_id)
    row = session.execute(statement.where(_TABLE.c.uuid == uuid)).mappings()
    found = row.first()
    if found is None:
        raise exception.ServerGroupNotFound(group_uuid=uuid)
    members = _members(session, [found["id"]])
    return {**found, "members": members.get(found["id"], [])}


def _of_project(statement: Any, project_id: str | None) -> Any:
    if project_id is None:
        return statement
    return statement.where(_TABLE.c.project_id == project_id)


def list_(
    session: orm.Session,
    project_id: str | None,
    limit: int | None = None,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """A page of groups with their members, the oldest first."""
    statement = _of_project(sa.select(_TABLE), project_id)
    statement = statement.order_by(_TABLE.c.id).limit(limit).offset(offset)
    found = session.execute(statement).mappings().all()
    members = _members(session, [row["id"] for row in found])
    return [{**row, "members": members.get(row["id"], [])} for row in found]


def _members(
    session: orm.Session, group_ids: Sequence[int]
) -> dict[int, list[str]]:
    """uuids of the servers of groups that are not deleted."""
    if not group_ids:
        return {}
    statement = (
        sa.select(_MEMBERS.c.group_id, _MEMBERS.c.instance_uuid)
        .join(Instance, Instance.uuid == _MEMBERS.c.instance_uuid)
        .where(_MEMBERS.c.group_id.in_(group_ids), Instance.deleted == 0)
        .order_by(Instance.id)
    )
    found: dict[int, list[str]] = {}
    for group_id, instance_uuid in session.execute(statement):
        found.setdefault(group_id, []).append(instance_uuid)
    return found


def of_instance(session: orm.Session, instance_uuid: str) -> str | None:
    """The uuid of the group that a server is in."""
    return session.scalar(
        sa.select(_TABLE.c.uuid)
        .join(_MEMBERS, _MEMBERS.c.group_id == _TABLE.c.id)
        .where(_MEMBERS.c.instance_uuid == instance_uuid)
    )


def create(session: orm.Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new group; its row, without members."""
    group = ServerGroup(**values)
    session.add(group)
    session.flush()
    return {**rows.as_dict(group), "members": []}


def delete(session: orm.Session, uuid: str, project_id: str | None) -> None:
    """Remove a group; its servers stay, in no group.

    Raises: ServerGroupNotFound, also for one of another project.
    """
    statement = _of_project(sa.select(_TABLE.c.id), project_id)
    group_id = session.scalar(statement.where(_TABLE.c.uuid == uuid))
    if group_id is None:
        raise exception.ServerGroupNotFound(group_uuid=uuid)
    session.execute(
        sa.delete(ServerGroupMember).where(
            ServerGroupMember.group_id == group_id
        )
    )
    session.execute(sa.delete(ServerGroup).where(ServerGroup.id == group_id))


def lock(session: orm.Session, uuid: str, project_id: str) -> int:
    """The row's id of a project's group, which nobody deletes meanwhile.

    Raises: ServerGroupNotFound.
    """
    group_id: int | None = session.scalar(
        sa.select(_TABLE.c.id)
        .where(_TABLE.c.uuid == uuid, _TABLE.c.project_id == project_id)
        .with_for_update()
    )
    if group_id is None:
        raise exception.ServerGroupNotFound(group_uuid=uuid)
    return group_id


def join(
    session: orm.Session, group_id: int, instance_uuids: Collection[str]
) -> None:
    """Put new servers into a group, in the transaction that writes them."""
    session.execute(
        sa.insert(ServerGroupMember),
        [
            {"instance_uuid": one, "group_id": group_id}
            for one in instance_uuids
        ],
    )
