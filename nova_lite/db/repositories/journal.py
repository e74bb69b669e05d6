# SPDX-License-Identifier: Apache-2.0
"""The journal: each change of an action with the state change it causes.

A row goes queued -> running -> done | error, and back to queued when its
worker dies or hands it on. Every function that ends or moves a row names the
worker that holds it, and changes nothing when the row is held by another.
A delete goes before everything: no function but ``deleted`` writes to a
server that is being deleted.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.compute import power_state, task_states, vm_states
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance, InstanceFault
from nova_lite.db.models.instance_action import (
    InstanceAction,
    InstanceActionEvent,
)
from nova_lite.db.repositories import compute_node, provider, rows

QUEUED = "queued"
RUNNING = "running"
DONE = "done"
ERROR = "error"
OPEN = (QUEUED, RUNNING)

Row = dict[str, Any]


def insert(session: orm.Session, values: Sequence[Mapping[str, Any]]) -> None:
    """Queue actions, in the transaction of the change that they stand for."""
    session.execute(
        sa.insert(InstanceAction),
        [{"state": QUEUED, **row} for row in values],
    )


def ids_of(
    session: orm.Session, operation: str, uuids: Sequence[str]
) -> dict[str, int]:
    """ids of the open actions of one operation, by instance uuid."""
    found = session.execute(
        sa.select(InstanceAction.instance_uuid, InstanceAction.id).where(
            InstanceAction.instance_uuid.in_(uuids),
            InstanceAction.operation == operation,
            InstanceAction.state.in_(OPEN),
        )
    )
    return {row.instance_uuid: row.id for row in found}


@db.transaction
def claim(ids: Sequence[int], worker: str) -> list[tuple[Row, Row]]:
    """Take queued actions; those taken, each with its server.

    Taking one's own again is allowed: the answer to the first may be lost.
    """
    with db.writer() as session:
        rows.execute(
            session,
            sa.update(InstanceAction)
            .where(
                InstanceAction.id.in_(ids),
                sa.or_(
                    InstanceAction.state == QUEUED,
                    sa.and_(
                        InstanceAction.state == RUNNING,
                        InstanceAction.worker == worker,
                    ),
                ),
            )
            .values(
                state=RUNNING,
                worker=worker,
                attempt=InstanceAction.attempt + 1,
                claimed_at=now(),
            ),
        )
        found = session.execute(
            sa.select(InstanceAction, Instance)
            .join(Instance, Instance.uuid == InstanceAction.instance_uuid)
            .where(
                InstanceAction.id.in_(ids),
                InstanceAction.worker == worker,
                InstanceAction.state == RUNNING,
            )
            .order_by(InstanceAction.id)
        ).all()
        return [
            (rows.as_dict(action), rows.as_dict(instance))
            for action, instance in found
        ]


def _held(action_id: int, worker: str) -> Any:
    return (
        sa.select(InstanceAction.id)
        .where(
            InstanceAction.id == action_id,
            InstanceAction.worker == worker,
            InstanceAction.state == RUNNING,
        )
        .exists()
    )


def _change(
    session: orm.Session,
    action_id: int,
    worker: str,
    uuid: str,
    updates: Mapping[str, Any],
    deleting: bool = False,
) -> bool:
    """Update a server for the action that this worker holds.

    ``deleting``: the action is the delete itself.
    """
    state = Instance.task_state
    return bool(
        rows.execute(
            session,
            sa.update(Instance)
            .where(
                Instance.uuid == uuid,
                Instance.deleted == 0,
                sa.or_(state.is_(None), state != task_states.DELETING)
                if not deleting
                else state == task_states.DELETING,
                _held(action_id, worker),
            )
            .values(**updates),
        )
    )


def _end(
    session: orm.Session,
    action_id: int,
    worker: str,
    state: str,
    message: str | None = None,
) -> bool:
    return bool(
        rows.execute(
            session,
            sa.update(InstanceAction)
            .where(
                InstanceAction.id == action_id,
                InstanceAction.worker == worker,
                InstanceAction.state == RUNNING,
            )
            .values(state=state, message=message, finish_time=now()),
        )
    )


def add_event(
    session: orm.Session, action_id: int, event: Mapping[str, Any]
) -> None:
    """Record a finished step: event, start_time, result, details ..."""
    session.execute(
        sa.insert(InstanceActionEvent),
        {"action_id": action_id, "finish_time": now(), **event},
    )


def _ended_by(session: orm.Session, action_id: int, worker: str) -> bool:
    """Whether this worker has ended the row before: its answer was lost."""
    return (
        session.scalar(
            sa.select(InstanceAction.id).where(
                InstanceAction.id == action_id,
                InstanceAction.worker == worker,
                InstanceAction.state.in_((DONE, ERROR)),
            )
        )
        is not None
    )


@db.transaction
def advance(
    action_id: int, worker: str, uuid: str, updates: Mapping[str, Any]
) -> bool:
    """A step's states; False when preempted or no longer the owner."""
    with db.writer() as session:
        return _change(session, action_id, worker, uuid, updates)


@db.transaction
def finish(
    action_id: int,
    worker: str,
    uuid: str,
    updates: Mapping[str, Any],
    event: Mapping[str, Any],
) -> bool:
    """The end of a success."""
    with db.writer() as session:
        if not _change(session, action_id, worker, uuid, updates):
            return _ended_by(session, action_id, worker)
        _end(session, action_id, worker, DONE)
        add_event(session, action_id, event)
        if updates.get("launched_at"):
            compute_node.forgive(session, event["host"])
        return True


@db.transaction
def fail(
    action_id: int,
    worker: str,
    uuid: str,
    updates: Mapping[str, Any],
    event: Mapping[str, Any],
    fault: Mapping[str, Any],
    deleting: bool = False,
) -> bool:
    """The end of a failure; without a host the server keeps no allocation."""
    with db.writer() as session:
        if not _change(session, action_id, worker, uuid, updates, deleting):
            return _ended_by(session, action_id, worker)
        session.execute(
            sa.insert(InstanceFault), {"instance_uuid": uuid, **fault}
        )
        if "host" in updates and updates["host"] is None:
            provider.free_consumers(session, [uuid])
        _end(session, action_id, worker, ERROR, "Error")
        add_event(session, action_id, event)
        return True


@db.transaction
def preempted(action_id: int, worker: str, event: Mapping[str, Any]) -> bool:
    """The end of an operation that gave way to a delete."""
    with db.writer() as session:
        if _end(session, action_id, worker, ERROR, "Preempted by a delete"):
            add_event(session, action_id, event)
            return True
        return _ended_by(session, action_id, worker)


@db.transaction
def deleted(
    action_id: int, worker: str, uuid: str, event: Mapping[str, Any]
) -> bool:
    """The end of a delete: the server, its allocation, its other actions."""
    with db.writer() as session:
        if not _end(session, action_id, worker, DONE):
            return _ended_by(session, action_id, worker)
        add_event(session, action_id, event)
        bury_instance(session, uuid)
        return True


def mark_deleting(session: orm.Session, uuid: str) -> Row | None:
    """Put a server into deleting; its row, or None when it was already.

    Raises: InstanceNotFound.
    """
    marked = rows.execute(
        session,
        sa.update(Instance)
        .where(
            Instance.uuid == uuid,
            Instance.deleted == 0,
            sa.or_(
                Instance.task_state.is_(None),
                Instance.task_state != task_states.DELETING,
            ),
        )
        .values(task_state=task_states.DELETING, progress=0),
    )
    found = (
        session.execute(
            sa.select(Instance.host, Instance.task_state).where(
                Instance.uuid == uuid, Instance.deleted == 0
            )
        )
        .mappings()
        .first()
    )
    if found is None:
        raise exception.InstanceNotFound(instance_id=uuid)
    return dict(found) if marked else None


def cancel_queued(session: orm.Session, uuid: str) -> bool:
    """End builds that nobody has begun; True when none is being run."""
    rows.execute(
        session,
        sa.update(InstanceAction)
        .where(
            InstanceAction.instance_uuid == uuid,
            InstanceAction.operation == "build",
            InstanceAction.state == QUEUED,
        )
        .values(
            state=ERROR, message="Preempted by a delete", finish_time=now()
        ),
    )
    return not build_in_conductor(session, uuid)


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
            terminated_at=moment,
            deleted_at=moment,
            deleted=Instance.id,
        ),
    )
    provider.free_consumers(session, [uuid])
    rows.execute(
        session,
        sa.update(InstanceAction)
        .where(
            InstanceAction.instance_uuid == uuid,
            InstanceAction.state.in_(OPEN),
        )
        .values(
            state=ERROR, message="Preempted by a delete", finish_time=moment
        ),
    )


@db.transaction
def reschedule(
    action_id: int,
    worker: str,
    uuid: str,
    arguments: Mapping[str, Any],
    event: Mapping[str, Any],
    failed_host: str,
) -> bool:
    """Give a build that failed on one host back to conductor."""
    with db.writer() as session:
        if not _change(
            session,
            action_id,
            worker,
            uuid,
            {
                "host": None,
                "node": None,
                "task_state": task_states.SCHEDULING,
            },
        ):
            return False
        provider.free_consumers(session, [uuid])
        add_event(session, action_id, event)
        rows.execute(
            session,
            sa.update(InstanceAction)
            .where(InstanceAction.id == action_id)
            .values(
                state=QUEUED,
                target_host=None,
                arguments=dict(arguments),
                queued_at=now(),
                attempt=0,
            ),
        )
        compute_node.blame(session, failed_host)
        return True


@db.transaction
def hand_over(
    worker: str,
    placements: Sequence[Mapping[str, Any]],
) -> list[int]:
    """Give scheduled builds to their hosts; ids of those that went.

    ``placements``: {"id", "uuid", "host", "node", "availability_zone",
    "arguments", "event"}. What is missing in the result was preempted
    meanwhile.
    """
    went = []
    with db.writer() as session:
        for place in placements:
            if not _change(
                session,
                place["id"],
                worker,
                place["uuid"],
                {
                    "host": place["host"],
                    "node": place["node"],
                    "launched_on": place["host"],
                    "availability_zone": place["availability_zone"],
                },
            ):
                continue
            went.append(place["id"])
        gone = [place for place in placements if place["id"] in went]
        if gone:
            session.execute(
                sa.update(InstanceAction),
                [
                    {
                        "id": place["id"],
                        "state": QUEUED,
                        "target_host": place["host"],
                        "arguments": place["arguments"],
                        "queued_at": now(),
                        "attempt": 0,
                    }
                    for place in gone
                ],
            )
            session.execute(
                sa.insert(InstanceActionEvent),
                [
                    {
                        "action_id": place["id"],
                        "finish_time": now(),
                        **place["event"],
                    }
                    for place in gone
                ],
            )
    return went


@db.transaction
def put_back(action_id: int, worker: str, delay_s: float = 0) -> bool:
    """Queue an action again that this worker cannot run now.

    It does not count as an attempt: nothing was tried.
    """
    with db.writer() as session:
        return bool(
            rows.execute(
                session,
                sa.update(InstanceAction)
                .where(
                    InstanceAction.id == action_id,
                    InstanceAction.worker == worker,
                    InstanceAction.state == RUNNING,
                )
                .values(
                    state=QUEUED,
                    attempt=InstanceAction.attempt - 1,
                    queued_at=now() + datetime.timedelta(seconds=delay_s),
                ),
            )
        )


# --- what the sweep reads and writes ----------------------------------------


def open_actions(session: orm.Session, limit: int) -> list[Row]:
    """Rows that are not at their end, oldest first."""
    found = session.execute(
        sa.select(
            InstanceAction.id,
            InstanceAction.instance_uuid,
            InstanceAction.operation,
            InstanceAction.state,
            InstanceAction.target_host,
            InstanceAction.worker,
            InstanceAction.attempt,
            InstanceAction.queued_at,
            InstanceAction.context,
        )
        .where(InstanceAction.state.in_(OPEN))
        .order_by(InstanceAction.queued_at)
        .limit(limit)
    )
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
def leave_host(uuid: str, action_id: int) -> bool:
    """Take a build off a dead host, so that another can have it."""
    with db.writer() as session:
        moved = rows.execute(
            session,
            sa.update(Instance)
            .where(
                Instance.uuid == uuid,
                Instance.deleted == 0,
                sa.or_(
                    Instance.task_state.is_(None),
                    Instance.task_state != task_states.DELETING,
                ),
            )
            .values(host=None, node=None, task_state=task_states.SCHEDULING),
        )
        if moved:
            provider.free_consumers(session, [uuid])
        return bool(moved)


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


def build_in_conductor(session: orm.Session, uuid: str) -> bool:
    """Whether some conductor is scheduling this server right now."""
    return (
        session.scalar(
            sa.select(InstanceAction.id).where(
                InstanceAction.instance_uuid == uuid,
                InstanceAction.operation == "build",
                InstanceAction.state == RUNNING,
                InstanceAction.target_host.is_(None),
            )
        )
        is not None
    )


@db.transaction
def give_up(row: Row, vm_state: str | None, message: str) -> None:
    """End an action that its workers did not survive."""
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
        updates: dict[str, Any] = {"task_state": None}
        if vm_state is not None:
            updates["vm_state"] = vm_state
        rows.execute(
            session,
            sa.update(Instance)
            .where(
                Instance.uuid == row["instance_uuid"], Instance.deleted == 0
            )
            .values(**updates),
        )
        session.execute(
            sa.insert(InstanceFault),
            {
                "instance_uuid": row["instance_uuid"],
                "code": 500,
                "message": message,
                "host": row["target_host"],
            },
        )
