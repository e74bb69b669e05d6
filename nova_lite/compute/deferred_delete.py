# SPDX-License-Identifier: Apache-2.0
"""Soft delete and restore: what the database has to do with them.

Called by compute.API in the API process.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from nova_lite import exception, quota
from nova_lite.compute import (
    begin,
    shelved,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.compute.transitions import Transition
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import instance, instance_query, journal

Row = dict[str, Any]


def is_soft(row: Mapping[str, Any], interval_s: int) -> bool:
    """Whether a DELETE of this server can be taken back.

    One that has never run is deleted at once.
    """
    return interval_s > 0 and row["launched_at"] is not None


def is_accepted(row: Mapping[str, Any]) -> bool:
    """Whether its deletion has been asked for already."""
    return row["task_state"] in (
        task_states.DELETING,
        task_states.SOFT_DELETING,
    ) or (
        row["vm_state"] == vm_states.SOFT_DELETED and row["task_state"] is None
    )


@db.transaction
def is_for_good(uuid: str) -> bool:
    """Whether a delete that nobody can take back is accepted."""
    with db.reader() as session:
        row = instance_query.get(session, uuid)
    return row is None or row["task_state"] == task_states.DELETING


def marks() -> Row:
    """The columns of a server that is to be deleted later."""
    return {"deleted_at": datetime.datetime.now(datetime.UTC), "progress": 0}


def check_quota(session: Any, row: Row) -> None:
    """Whether a server that counts again has room. Raises: OverQuota."""
    quota.recheck(
        session,
        row["project_id"],
        row["user_id"],
        {
            "instances": 1,
            "cores": row["vcpus"],
            "ram": row["memory_mb"],
        },
    )


@db.transaction
def delete_without_host(
    context: RequestContext, row: Mapping[str, Any]
) -> None:
    """Soft-delete a server that no host has, as one that is offloaded.

    Raises: InstanceInvalidState.
    """
    wanted = transitions.SOFT_DELETE
    with db.writer() as session:
        values = {**wanted.ended(wanted.done), **marks()}
        _change(session, row, wanted, values)
        journal.supersede(
            session, row["uuid"], f"Preempted by {wanted.action}"
        )
        _record(session, context, row, wanted)


@db.transaction
def restore_without_host(
    context: RequestContext, row: Mapping[str, Any]
) -> None:
    """Take back the deletion of a server that no host has.

    Raises: InstanceInvalidState, OverQuota.
    """
    wanted = transitions.RESTORE
    with db.writer() as session:
        state = wanted.done
        if shelved.image_id(row["system_metadata"]):
            # It has no disk to run from but its image.
            state = vm_states.SHELVED_OFFLOADED
        values = {**wanted.ended(state), "deleted_at": None}
        _change(session, row, wanted, values)
        check_quota(session, instance_query.lock(session, row["uuid"]))
        _record(session, context, row, wanted)


def _change(
    session: Any, row: Mapping[str, Any], wanted: Transition, values: Row
) -> None:
    if not instance.change(session, row, values):
        raise exception.InstanceInvalidState(
            method=wanted.action,
            instance_uuid=row["uuid"],
            attr="task_state",
            state=instance_query.lock(session, row["uuid"])["task_state"],
        )


def _record(
    session: Any,
    context: RequestContext,
    row: Mapping[str, Any],
    wanted: Transition,
) -> None:
    """The action, which is at its end."""
    moment = datetime.datetime.now(datetime.UTC)
    journal.insert(
        session,
        [
            {
                **begin.action_row(context, row["uuid"], wanted),
                "state": journal.DONE,
                "finish_time": moment,
            }
        ],
    )
