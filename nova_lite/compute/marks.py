# SPDX-License-Identifier: Apache-2.0
"""Lock, unlock, reset-state: only the server's row changes, at once.

Called by compute.API in the API process. Nobody is told: the action's row
says from the beginning that it is over.
"""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.compute import task_states
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.repositories import instance_query, journal

Row = dict[str, Any]

OWNER = "owner"
ADMIN = "admin"


def locked_by(context: RequestContext, row: Row) -> str:
    """Which of the two it is that locks or unlocks this server."""
    return OWNER if context.project_id == row["project_id"] else ADMIN


@db.transaction
def lock(context: RequestContext, uuid: str, reason: str | None) -> None:
    """Keep others off a server. Raises: InstanceNotFound.

    Its owner does not change a lock that is there.
    """
    with db.writer() as session:
        row = instance_query.lock(session, uuid)
        by = locked_by(context, row)
        if row["locked"] and by == OWNER:
            return
        values = {"locked": True, "locked_by": by, "locked_reason": reason}
        instance_query.write(session, uuid, values)
        journal.insert(session, [_ended(context, uuid, "lock")])


@db.transaction
def unlock(context: RequestContext, uuid: str) -> None:
    """Let everybody at it again. Raises: InstanceNotFound."""
    values = {"locked": False, "locked_by": None, "locked_reason": None}
    with db.writer() as session:
        instance_query.lock(session, uuid)
        instance_query.write(session, uuid, values)
        journal.insert(session, [_ended(context, uuid, "unlock")])


@db.transaction
def reset_state(context: RequestContext, uuid: str, vm_state: str) -> None:
    """Set a server's states, whatever they are; what runs on it is over.

    Raises: InstanceNotFound; InstanceInvalidState for one that is being
    deleted, since nothing brings a delete to a halt.
    """
    with db.writer() as session:
        row = instance_query.lock(session, uuid)
        if row["task_state"] == task_states.DELETING:
            raise exception.InstanceInvalidState(
                method=_RESET,
                instance_uuid=uuid,
                attr="task_state",
                state=row["task_state"],
            )
        values = {"vm_state": vm_state, "task_state": None}
        instance_query.write(session, uuid, values)
        journal.supersede(session, uuid, f"Ended by {_RESET}")
        journal.insert(session, [_ended(context, uuid, _RESET)])


_RESET = "resetState"


def _ended(context: RequestContext, uuid: str, action: str) -> Row:
    return {
        **journal.action_row(context, uuid, action, action),
        "state": journal.DONE,
        "finish_time": now(),
    }
