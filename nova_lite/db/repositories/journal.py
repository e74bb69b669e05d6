# SPDX-License-Identifier: Apache-2.0
"""The journal: each change of an action with the state change it causes.

A row goes queued -> running -> done | error, and back to queued when its
worker dies or hands it on. Every function that ends or moves a row names the
worker that holds it, and changes nothing when the row is held by another.
A delete goes before everything (repositories/deletion.py): no other function
writes to a server that is being deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.compute import task_states
from nova_lite.context import RequestContext
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


def action_row(
    context: RequestContext,
    uuid: str,
    action: str,
    operation: str,
    target_host: str | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Row:
    """What the journal says of an action that a context has asked for.

    ``action``: its name for users; ``operation``: that of its transition.
    """
    return {
        "instance_uuid": uuid,
        "action": action,
        "operation": operation,
        "target_host": target_host,
        "request_id": context.request_id,
        "user_id": context.user_id,
        "project_id": context.project_id,
        "context": context.to_wire(),
        "arguments": dict(arguments or {}),
    }


def insert(session: orm.Session, values: Sequence[Mapping[str, Any]]) -> None:
    """Queue actions, in the transaction of the change that they stand for."""
    session.execute(
        sa.insert(InstanceAction),
        [{"state": QUEUED, **row} for row in values],
    )


def queue(session: orm.Session, values: Mapping[str, Any]) -> int:
    """``insert`` of one action; its id, which costs no further question."""
    row = InstanceAction(**{"state": QUEUED, **values})
    session.add(row)
    session.flush()
    return row.id


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


def of_request(
    session: orm.Session, uuid: str, operation: str, request_id: str | None
) -> int | None:
    """The action that a request has queued, or None."""
    return session.scalar(
        sa.select(InstanceAction.id).where(
            InstanceAction.instance_uuid == uuid,
            InstanceAction.operation == operation,
            InstanceAction.request_id == request_id,
        )
    )


@db.transaction
def claim(ids: Sequence[int], worker: str) -> list[tuple[Row, Row]]:
    """Take queued actions; those taken, each with its server.

    Taking one's own again is allowed: the answer to the first may be lost.
    """
    with db.writer() as session:
        _take(session, ids, worker)
        return _taken(session, ids, worker)


@db.transaction
def begin(
    action_id: int,
    worker: str,
    uuid: str,
    updates: Mapping[str, Any],
    networked: Mapping[str, Any] | None = None,
) -> list[tuple[Row, Row]]:
    """As ``claim`` for one action, with the states of its first step.

    ``networked``: what differs for a server whose interfaces are yet to be
    allocated. A server that is being deleted keeps its states.
    """
    allocates = Instance.network_info.is_(None)
    values = dict(updates)
    for name, value in (networked or {}).items():
        values[name] = sa.case((allocates, value), else_=updates[name])
    with db.writer() as session:
        if not _take(session, [action_id], worker):
            return []
        if values:
            _change(session, action_id, worker, uuid, values)
        return _taken(session, [action_id], worker)


def _take(session: orm.Session, ids: Sequence[int], worker: str) -> int:
    return rows.execute(
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


def _taken(
    session: orm.Session, ids: Sequence[int], worker: str
) -> list[tuple[Row, Row]]:
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


def held(action_id: int, worker: str) -> Any:
    """The row is being run by this worker."""
    return sa.and_(
        InstanceAction.id == action_id,
        InstanceAction.worker == worker,
        InstanceAction.state == RUNNING,
    )


def not_deleting(uuid: str) -> Any:
    """The server is there and nobody has asked for its end."""
    return sa.and_(
        Instance.uuid == uuid,
        Instance.deleted == 0,
        sa.or_(
            Instance.task_state.is_(None),
            Instance.task_state != task_states.DELETING,
        ),
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
    server = (
        sa.and_(
            Instance.uuid == uuid,
            Instance.task_state == task_states.DELETING,
        )
        if deleting
        else not_deleting(uuid)
    )
    mine = sa.select(InstanceAction.id).where(held(action_id, worker))
    return bool(
        rows.execute(
            session,
            sa.update(Instance).where(server, mine.exists()).values(**updates),
        )
    )


def end(
    session: orm.Session,
    action_id: int,
    worker: str,
    state: str,
    message: str | None = None,
) -> bool:
    """Bring a held row to its end."""
    return bool(
        rows.execute(
            session,
            sa.update(InstanceAction)
            .where(held(action_id, worker))
            .values(state=state, message=message, finish_time=now()),
        )
    )


def add_event(
    session: orm.Session, action_id: int, event: Mapping[str, Any]
) -> None:
    """Record a finished step: event, start_time, result, details ...

    ``noted``: there is a row of it already, that says how far it came.
    """
    values = {"finish_time": now(), **event}
    if values.pop("noted", False) and _update_event(
        session, action_id, {"details": None, **values}
    ):
        return
    session.execute(
        sa.insert(InstanceActionEvent), {"action_id": action_id, **values}
    )


def _update_event(
    session: orm.Session, action_id: int, event: Mapping[str, Any]
) -> bool:
    """Change the unfinished event of a name."""
    return bool(
        rows.execute(
            session,
            sa.update(InstanceActionEvent)
            .where(
                InstanceActionEvent.action_id == action_id,
                InstanceActionEvent.event == event["event"],
                InstanceActionEvent.finish_time.is_(None),
            )
            .values(**event),
        )
    )


@db.transaction
def note(action_id: int, worker: str, event: Mapping[str, Any]) -> bool:
    """Write how far a step is: event, start_time, host, details."""
    with db.writer() as session:
        if (
            session.scalar(
                sa.select(InstanceAction.id).where(held(action_id, worker))
            )
            is None
        ):
            return False
        if not _update_event(session, action_id, event):
            session.execute(
                sa.insert(InstanceActionEvent),
                {"action_id": action_id, **event},
            )
        return True


@db.transaction
def advance(
    action_id: int, worker: str, uuid: str, updates: Mapping[str, Any]
) -> bool:
    """Change a server in the middle of an action that this worker holds."""
    with db.writer() as session:
        return _change(session, action_id, worker, uuid, updates)


def supersede(session: orm.Session, uuid: str, message: str) -> None:
    """End what is under way on a server: another action takes its place.

    A worker that runs it writes nothing more, and stops when it sees that.
    """
    rows.execute(
        session,
        sa.update(InstanceAction)
        .where(
            InstanceAction.instance_uuid == uuid,
            InstanceAction.state.in_(OPEN),
        )
        .values(state=ERROR, message=message, finish_time=now()),
    )


def ended_by(session: orm.Session, action_id: int, worker: str) -> bool:
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
def finish(
    action_id: int,
    worker: str,
    uuid: str,
    updates: Mapping[str, Any],
    event: Mapping[str, Any],
) -> bool:
    """The end of a success; without a host it keeps no allocation."""
    updates = {"sealed": None, **updates}
    with db.writer() as session:
        if not _change(session, action_id, worker, uuid, updates):
            return ended_by(session, action_id, worker)
        if "host" in updates and updates["host"] is None:
            provider.free_consumers(session, [uuid])
        end(session, action_id, worker, DONE)
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
    updates = {"sealed": None, **updates}
    with db.writer() as session:
        if not _change(session, action_id, worker, uuid, updates, deleting):
            return ended_by(session, action_id, worker)
        session.execute(
            sa.insert(InstanceFault), {"instance_uuid": uuid, **fault}
        )
        if "host" in updates and updates["host"] is None:
            provider.free_consumers(session, [uuid])
        end(session, action_id, worker, ERROR, "Error")
        add_event(session, action_id, event)
        return True


@db.transaction
def preempted(action_id: int, worker: str, event: Mapping[str, Any]) -> bool:
    """The end of an operation that gave way to a delete."""
    with db.writer() as session:
        if end(session, action_id, worker, ERROR, "Preempted by a delete"):
            add_event(session, action_id, event)
            return True
        return ended_by(session, action_id, worker)


@db.transaction
def reschedule(
    action_id: int,
    worker: str,
    uuid: str,
    arguments: Mapping[str, Any],
    event: Mapping[str, Any],
    failed_host: str,
    during: str | None = task_states.SCHEDULING,
) -> bool:
    """Give an action that failed on one host back to conductor.

    ``during``: the server's task_state until it has another.
    """
    with db.writer() as session:
        if not _change(
            session,
            action_id,
            worker,
            uuid,
            {
                "host": None,
                "node": None,
                "task_state": during,
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
    """Give scheduled actions to their hosts; ids of those that went.

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
def put_back(action_id: int, worker: str) -> bool:
    """Queue an action again that this worker cannot run now.

    It does not count as an attempt: nothing was tried.
    """
    with db.writer() as session:
        return bool(
            rows.execute(
                session,
                sa.update(InstanceAction)
                .where(held(action_id, worker))
                .values(
                    state=QUEUED,
                    attempt=InstanceAction.attempt - 1,
                    queued_at=now(),
                ),
            )
        )
