# SPDX-License-Identifier: Apache-2.0
"""Servers that ran in a period, as os-simple-tenant-usage counts them.

Called by the API's controller with a session. A page is one statement, cut
by project and uuid; the columns are only those that are shown.
"""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.instance import Instance

_TABLE = Instance.__table__
_COUNTED = (
    "uuid",
    "project_id",
    "vcpus",
    "memory_mb",
    "root_gb",
    "ephemeral_gb",
    "launched_at",
    "terminated_at",
)
_DETAILS = ("display_name", "vm_state", "flavor")


def list_(
    session: orm.Session,
    begin: datetime.datetime,
    end: datetime.datetime,
    *,
    project_id: str | None = None,
    limit: int,
    marker: str | None = None,
    detailed: bool = False,
) -> list[dict[str, Any]]:
    """Servers, also deleted ones, by project and uuid.

    ``marker`` is a server's uuid. Raises: MarkerNotFound.
    """
    names = (*_COUNTED, *_DETAILS) if detailed else _COUNTED
    statement = (
        sa.select(*(_TABLE.c[name] for name in names))
        .where(*ran_within(begin, end))
        .order_by(_TABLE.c.project_id, _TABLE.c.uuid)
        .limit(limit)
    )
    if project_id is not None:
        statement = statement.where(_TABLE.c.project_id == project_id)
    if marker is not None:
        statement = statement.where(_behind(session, marker, project_id))
    return [dict(row) for row in session.execute(statement).mappings()]


def ran_within(begin: datetime.datetime, end: datetime.datetime) -> list[Any]:
    """What the servers that ran at some time of a period fulfil."""
    ended = _TABLE.c.terminated_at
    return [_TABLE.c.launched_at < end, ended.is_(None) | (ended > begin)]


def _behind(session: orm.Session, marker: str, project_id: str | None) -> Any:
    where = [_TABLE.c.uuid == marker]
    if project_id is not None:
        where.append(_TABLE.c.project_id == project_id)
    last = session.execute(
        sa.select(_TABLE.c.project_id).where(*where)
    ).first()
    if last is None:
        raise exception.MarkerNotFound(marker=marker)
    return (_TABLE.c.project_id > last[0]) | (
        (_TABLE.c.project_id == last[0]) & (_TABLE.c.uuid > marker)
    )
