# SPDX-License-Identifier: Apache-2.0
"""An operation is accepted: the state change and its action, at once.

Called by compute.API in the API process. The transition table says what is
allowed; a compare-and-swap makes it so that of two requests one wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nova_lite import exception
from nova_lite.compute import transitions
from nova_lite.compute.transitions import Transition
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import (
    instance,
    instance_query,
    journal,
    withdrawal,
)

Row = dict[str, Any]


def check(
    context: RequestContext, row: Mapping[str, Any], wanted: Transition
) -> None:
    """Whether the table lets an operation begin on a server now.

    Raises: InstanceIsLocked, InstanceInvalidState.
    """
    if wanted.needs_unlocked:
        check_lock(context, row)
    if not transitions.allows(wanted, row["vm_state"], row["task_state"]):
        raise _refusal(row, wanted)


def check_lock(context: RequestContext, row: Mapping[str, Any]) -> None:
    """Whether a lock keeps this user off. Raises: InstanceIsLocked."""
    if row["locked"] and not context.is_admin:
        raise exception.InstanceIsLocked(instance_uuid=row["uuid"])


def _refusal(
    row: Mapping[str, Any], wanted: Transition
) -> exception.InstanceInvalidState:
    """Which of the two states is in the way."""
    attr = "vm_state"
    if wanted.vm_states is None or row["vm_state"] in wanted.vm_states:
        attr = "task_state"
    return exception.InstanceInvalidState(
        method=wanted.action,
        instance_uuid=row["uuid"],
        attr=attr,
        state=row[attr],
    )


@db.transaction
def begin(
    context: RequestContext,
    row: Mapping[str, Any],
    wanted: Transition,
    arguments: Mapping[str, Any] | None = None,
    updates: Mapping[str, Any] | None = None,
    also: Callable[[Any, Row], None] | None = None,
) -> int:
    """Mark a server and queue the action; the action's id.

    ``row`` is the server as the caller has read and checked it; ``updates``
    are further columns to write, ``also`` is called in the transaction with
    the server as it is then. Raises: InstanceInvalidState when its states
    have changed since, InstanceNotFound.
    """
    uuid = row["uuid"]
    target = row["host"] if wanted.target is transitions.Target.HOST else None
    with db.writer() as session:
        values = dict(updates or {})
        if wanted.during is not None:
            values["task_state"] = wanted.during
        if not instance.change(session, row, values):
            known = journal.of_request(
                session, uuid, wanted.name, context.request_id
            )
            if known is not None:
                return known
            now = instance_query.lock(session, uuid)
            # What it preempts may have come a step further meanwhile.
            if not (
                wanted.preempts
                and now["host"] == row["host"]
                and transitions.allows(
                    wanted, now["vm_state"], now["task_state"]
                )
                and instance.change(session, now, values)
            ):
                raise _refusal(now, wanted)
        if wanted.preempts:
            journal.supersede(session, uuid, f"Preempted by {wanted.action}")
        if also is not None:
            also(session, instance_query.lock(session, uuid))
        return journal.queue(
            session, action_row(context, uuid, wanted, target, arguments)
        )


@db.transaction
def withdraw(
    row: Mapping[str, Any], wanted: Transition, action_id: int, why: str
) -> None:
    """Take an action back that nobody has begun; one that runs goes on."""
    with db.writer() as session:
        withdrawal.withdraw(
            session, action_id, row["uuid"], wanted.during, why
        )


@db.transaction
def has_failed(action_id: int) -> bool:
    """Whether an action has ended in an error, or was preempted."""
    with db.reader() as session:
        return withdrawal.has_failed(session, action_id)


def action_row(
    context: RequestContext,
    uuid: str,
    wanted: Transition,
    target_host: str | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Row:
    """What the journal says of an accepted request."""
    return journal.action_row(
        context, uuid, wanted.action, wanted.name, target_host, arguments
    )
