# SPDX-License-Identifier: Apache-2.0
"""What conductor's sweep reads and writes of the journal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.compute import transitions, vm_states
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance, InstanceFault
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.repositories import provider, resize, rows
from nova_lite.db.repositories.journal import (
    ERROR,
    OPEN,
    QUEUED,
    Row,
    not_deleting,
)

_OF_A_RESIZE = frozenset(
    row.name
    for row in (
        transitions.RESIZE,
        transitions.MIGRATE,
        transitions.CONFIRM_RESIZE,
        transitions.REVERT_RESIZE,
    )
)


_ACTION = InstanceAction.__table__
# Conductor asks it each few seconds: made once.
_OPEN_ACTIONS = (
    sa.select(
        _ACTION.c.id,
        _ACTION.c.instance_uuid,
        _ACTION.c.operation,
        _ACTION.c.state,
        _ACTION.c.target_host,
        _ACTION.c.worker,
        _ACTION.c.attempt,
        _ACTION.c.queued_at,
        _ACTION.c.context,
    )
    .where(_ACTION.c.state.in_(OPEN))
    .order_by(_ACTION.c.queued_at)
    .limit(sa.bindparam("most"))
)


def open_actions(session: orm.Session, limit: int) -> list[Row]:
    """Rows that are not at their end, oldest first."""
    found = session.execute(_OPEN_ACTIONS, {"most": limit})
    return [dict(row) for row in found.mappings()]


@db.transaction
def take_over(row: Row, target_host: str | None) -> bool:
    """Make a row this sweep's to send: queue it anew, for this target.

    A compare-and-swap on what the sweep has read, so that of several
    conductors one sends it.
    """
    with db.writer() as session:
        return bool(
            rows.execute(
                session,
                sa.update(InstanceAction)
                .where(
                    InstanceAction.id == row["id"],
                    InstanceAction.state == row["state"],
                    InstanceAction.queued_at == row["queued_at"],
                    InstanceAction.worker == row["worker"]
                    if row["worker"]
                    else InstanceAction.worker.is_(None),
                )
                .values(
                    state=QUEUED, target_host=target_host, queued_at=now()
                ),
            )
        )


@db.transaction
def leave_host(
    uuid: str, during: str | None, vm_states: Collection[str]
) -> bool:
    """Take a server off a dead host, so that another can have it.

    ``during``: its task_state until then. One that is not in ``vm_states``
    any more has what it needs on that host, and stays.
    """
    with db.writer() as session:
        return _leave(session, uuid, vm_states, {"task_state": during})


def _leave(
    session: orm.Session,
    uuid: str,
    vm_states: Collection[str],
    values: Mapping[str, Any],
) -> bool:
    moved = rows.execute(
        session,
        sa.update(Instance)
        .where(not_deleting(uuid), Instance.vm_state.in_(vm_states))
        .values(host=None, node=None, **values),
    )
    if moved:
        provider.free_consumers(session, [uuid])
    return bool(moved)


@db.transaction
def give_up(
    row: Row,
    updates: Mapping[str, Any],
    message: str,
    homeless: Collection[str] = (),
) -> None:
    """End an action that its workers did not survive.

    ``updates``: the states of the server then; in one of the vm_states
    ``homeless`` it has no host either.
    """
    with db.writer() as session:
        ended = rows.execute(
            session,
            sa.update(InstanceAction)
            .where(
                InstanceAction.id == row["id"],
                InstanceAction.state == row["state"],
                InstanceAction.attempt == row["attempt"],
            )
            .values(state=ERROR, message="Error", finish_time=now()),
        )
        if not ended:
            return
        if row["operation"] in _OF_A_RESIZE and resize.abandon(
            session, row["instance_uuid"]
        ):
            updates = {**updates, "vm_state": vm_states.ERROR}
        rows.execute(
            session,
            sa.update(Instance)
            .where(
                Instance.uuid == row["instance_uuid"],
                Instance.deleted == 0,
                # A build that is given up leaves a delete that came after
                # it alone; a delete that is given up ends as one.
                sa.true()
                if row["operation"] == "delete"
                else not_deleting(row["instance_uuid"]),
            )
            .values(**{"sealed": None, **updates}),
        )
        if homeless:
            _leave(session, row["instance_uuid"], homeless, {})
        session.execute(
            sa.insert(InstanceFault),
            {
                "instance_uuid": row["instance_uuid"],
                "code": 500,
                "message": message,
                "host": row["target_host"],
            },
        )
