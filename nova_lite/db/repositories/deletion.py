# SPDX-License-Identifier: Apache-2.0
"""The end of servers: a delete goes before whatever else is in the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.compute import (
    power_state,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.repositories import provider, resize, rows
from nova_lite.db.repositories.journal import (
    DONE,
    ERROR,
    OPEN,
    QUEUED,
    RUNNING,
    Row,
    add_event,
    end,
    ended_by,
    not_deleting,
)

_PREEMPTED = "Preempted by a delete"


def mark_deleting(session: orm.Session, uuid: str) -> Row | None:
    """Put a server into deleting; its row, or None when it was already.

    Raises: InstanceNotFound.
    """
    marked = rows.execute(
        session,
        sa.update(Instance)
        .where(not_deleting(uuid))
        .values(task_state=task_states.DELETING, progress=0),
    )
    found = (
        session.execute(
            sa.select(
                Instance.host,
                Instance.task_state,
                Instance.system_metadata,
                Instance.network_info,
                Instance.launched_on,
            ).where(Instance.uuid == uuid, Instance.deleted == 0)
        )
        .mappings()
        .first()
    )
    if found is None:
        raise exception.InstanceNotFound(instance_id=uuid)
    return dict(found) if marked else None


def cancel_queued(session: orm.Session, uuid: str) -> bool:
    """End what waits for a host; True when no host is being sought."""
    rows.execute(
        session,
        sa.update(InstanceAction)
        .where(
            InstanceAction.instance_uuid == uuid,
            InstanceAction.operation.in_(_scheduled()),
            InstanceAction.state == QUEUED,
        )
        .values(state=ERROR, message=_PREEMPTED, finish_time=now()),
    )
    return not in_conductor(session, uuid)


def in_conductor(session: orm.Session, uuid: str) -> bool:
    """Whether some conductor is scheduling this server right now."""
    return (
        session.scalar(
            sa.select(InstanceAction.id).where(
                InstanceAction.instance_uuid == uuid,
                InstanceAction.operation.in_(_scheduled()),
                InstanceAction.state == RUNNING,
                InstanceAction.target_host.is_(None),
            )
        )
        is not None
    )


def _scheduled() -> list[str]:
    """Operations for which conductor seeks a host."""
    return [
        row.name
        for row in transitions.TABLE.values()
        if row.target is transitions.Target.CONDUCTOR
    ]


def queued_for_conductor(
    session: orm.Session, operation: str, uuids: Sequence[str]
) -> list[Row]:
    """Queued actions of these servers that conductor is to run."""
    found = session.execute(
        sa.select(InstanceAction.id, InstanceAction.context).where(
            InstanceAction.instance_uuid.in_(uuids),
            InstanceAction.operation == operation,
            InstanceAction.state == QUEUED,
            InstanceAction.target_host.is_(None),
        )
    )
    return [dict(row) for row in found.mappings()]


@db.transaction
def deleted(
    action_id: int, worker: str, uuid: str, event: Mapping[str, Any]
) -> bool:
    """The end of a delete: the server, its allocation, its other actions."""
    with db.writer() as session:
        if not end(session, action_id, worker, DONE):
            return ended_by(session, action_id, worker)
        add_event(session, action_id, event)
        bury_instance(session, uuid)
        return True


def bury_instance(
    session: orm.Session, uuid: str, deleted_by: str | None = None
) -> None:
    """Mark a server deleted, free what it holds, end its open actions.

    ``deleted_by``: the operation whose queued row is thereby done.
    """
    moment = now()
    if deleted_by is not None:
        rows.execute(
            session,
            sa.update(InstanceAction)
            .where(
                InstanceAction.instance_uuid == uuid,
                InstanceAction.operation == deleted_by,
                InstanceAction.state == QUEUED,
            )
            .values(state=DONE, finish_time=moment),
        )
    rows.execute(
        session,
        sa.update(Instance)
        .where(Instance.uuid == uuid, Instance.deleted == 0)
        .values(
            vm_state=vm_states.DELETED,
            task_state=None,
            power_state=power_state.NOSTATE,
            sealed=None,
            terminated_at=moment,
            deleted_at=moment,
            deleted=Instance.id,
        ),
    )
    provider.free_consumers(session, [uuid])
    resize.end_of_server(session, uuid)
    rows.execute(
        session,
        sa.update(InstanceAction)
        .where(
            InstanceAction.instance_uuid == uuid,
            InstanceAction.state.in_(OPEN),
        )
        .values(state=ERROR, message=_PREEMPTED, finish_time=moment),
    )
