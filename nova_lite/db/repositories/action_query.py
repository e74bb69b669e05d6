# SPDX-License-Identifier: Apache-2.0
"""Actions of servers and their events, as os-instance-actions reads them."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.instance_action import (
    InstanceAction,
    InstanceActionEvent,
)

_ACTION = InstanceAction.__table__
_EVENT = InstanceActionEvent.__table__


def list_(
    session: orm.Session,
    uuid: str,
    *,
    limit: int | None = None,
    marker: str | None = None,
    changes_since: datetime.datetime | None = None,
    changes_before: datetime.datetime | None = None,
) -> list[dict[str, Any]]:
    """What was done to a server, the latest first.

    ``marker`` is a request id. Raises: MarkerNotFound.
    """
    statement = (
        sa.select(_ACTION)
        .where(_ACTION.c.instance_uuid == uuid)
        .order_by(_ACTION.c.start_time.desc(), _ACTION.c.id.desc())
    )
    if changes_since is not None:
        statement = statement.where(_ACTION.c.updated_at >= changes_since)
    if changes_before is not None:
        statement = statement.where(_ACTION.c.updated_at <= changes_before)
    if marker is not None:
        row = get(session, uuid, marker)
        if row is None:
            raise exception.MarkerNotFound(marker=marker)
        begun = row["start_time"]
        statement = statement.where(
            (_ACTION.c.start_time < begun)
            | ((_ACTION.c.start_time == begun) & (_ACTION.c.id < row["id"]))
        )
    if limit is not None:
        statement = statement.limit(limit)
    return [dict(row) for row in session.execute(statement).mappings()]


def get(
    session: orm.Session, uuid: str, request_id: str
) -> dict[str, Any] | None:
    """The action of one request on a server, or None."""
    row = (
        session.execute(
            sa.select(_ACTION)
            .where(
                _ACTION.c.instance_uuid == uuid,
                _ACTION.c.request_id == request_id,
            )
            .order_by(_ACTION.c.id.desc())
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def events(session: orm.Session, action_id: int) -> list[dict[str, Any]]:
    """The steps of an action, the latest first."""
    statement = (
        sa.select(_EVENT)
        .where(_EVENT.c.action_id == action_id)
        .order_by(_EVENT.c.start_time.desc(), _EVENT.c.id.desc())
    )
    return [dict(row) for row in session.execute(statement).mappings()]
