# SPDX-License-Identifier: Apache-2.0
"""What a host says of a guest, written down with what follows from it.

Called by conductor for a compute. Nothing is changed while an operation is
under way, or when the server lives elsewhere by now.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.compute import power_sync, task_states, transitions
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import instance, journal

ACTION = "sync_power_state"
EVENT = "compute__sync_instance_power_state"


@db.transaction
def observe(
    context: RequestContext, uuid: str, host: str, state: int
) -> dict[str, Any]:
    """Record a guest's power_state and begin what has to follow.

    Returns {} when nothing is new, {"busy": True} while something is done
    with the server; else "said", a sentence or None, and "stop", the id of
    a queued stop or None.
    """
    with db.writer() as session:
        seen = _here(session, uuid, host)
        if seen is None:
            return {}
        if seen["task_state"] is not None:
            return {"busy": True}
        verdict = power_sync.verdict(seen["vm_state"], state)
        changes = seen["power_state"] != state
        stop = verdict is not None and verdict.stop
        if not changes and not stop:
            return {}
        values: dict[str, Any] = {"power_state": state}
        if stop:
            values["task_state"] = task_states.POWERING_OFF
        if not instance.change(session, seen, values):
            return {}
        if verdict is None:
            return {"said": None, "stop": None}
        if stop:
            stop_row = transitions.STOP
            queued = journal.queue(
                session,
                journal.action_row(
                    context, uuid, stop_row.action, stop_row.name, host
                ),
            )
            return {"said": verdict.said, "stop": queued}
        if verdict.gone:
            _tell(session, context, uuid, host, verdict.said)
        return {"said": verdict.said, "stop": None}


def _here(session: orm.Session, uuid: str, host: str) -> dict[str, Any] | None:
    found = session.execute(
        sa.select(
            Instance.uuid,
            Instance.host,
            Instance.vm_state,
            Instance.task_state,
            Instance.power_state,
        ).where(
            Instance.uuid == uuid,
            Instance.host == host,
            Instance.deleted == 0,
        )
    ).first()
    return None if found is None else dict(found._mapping)


def _tell(
    session: orm.Session,
    context: RequestContext,
    uuid: str,
    host: str,
    sentence: str,
) -> None:
    """An action that has ended: users see there what became of the guest."""
    row = journal.action_row(context, uuid, ACTION, ACTION, host)
    row |= {"state": journal.ERROR, "message": "Error", "finish_time": now()}
    journal.add_event(
        session,
        journal.queue(session, row),
        {
            "event": EVENT,
            "start_time": now(),
            "result": "Error",
            "host": host,
            "details": sentence,
        },
    )
