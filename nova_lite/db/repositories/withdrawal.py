# SPDX-License-Identifier: Apache-2.0
"""Accepted actions that come to nothing before anybody has begun them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.repositories import rows
from nova_lite.db.repositories.journal import ERROR, QUEUED


def withdraw(
    session: orm.Session,
    action_id: int,
    uuid: str,
    during: str | None,
    message: str,
) -> bool:
    """End an action that is still queued, and the server's task with it.

    False when somebody runs it or has ended it.
    """
    ended = rows.execute(
        session,
        sa.update(InstanceAction)
        .where(InstanceAction.id == action_id, InstanceAction.state == QUEUED)
        .values(state=ERROR, message=message, finish_time=now()),
    )
    if ended and during is not None:
        rows.execute(
            session,
            sa.update(Instance)
            .where(Instance.uuid == uuid, Instance.task_state == during)
            .values(task_state=None),
        )
    return bool(ended)


def has_failed(session: orm.Session, action_id: int) -> bool:
    """Whether an action has ended in an error, or was preempted."""
    state = session.scalar(
        sa.select(InstanceAction.state).where(InstanceAction.id == action_id)
    )
    return state == ERROR
