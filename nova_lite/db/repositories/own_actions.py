# SPDX-License-Identifier: Apache-2.0
"""Actions that nobody has asked for: a host does them of its own accord."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.compute import transitions, vm_states
from nova_lite.compute.transitions import Transition
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import journal, rows


def begin(
    session: orm.Session,
    context: RequestContext,
    wanted: Transition,
    host: str,
    uuids: Sequence[str],
) -> list[dict[str, Any]]:
    """Queue an operation on those of the servers that may begin it now.

    Returns "id" and "instance_uuid" of the actions.
    """
    if not uuids:
        return []
    assert wanted.vm_states is not None
    ready = (
        Instance.uuid.in_(uuids),
        Instance.host == host,
        Instance.deleted == 0,
        Instance.vm_state.in_(wanted.vm_states),
        Instance.task_state.is_(None),
    )
    found = list(
        session.scalars(
            sa.select(Instance.uuid)
            .where(*ready)
            .order_by(Instance.id)
            .with_for_update()
        )
    )
    if not found:
        return []
    rows.execute(
        session,
        sa.update(Instance).where(*ready).values(task_state=wanted.during),
    )
    journal.insert(
        session,
        [
            journal.action_row(context, uuid, wanted.action, wanted.name, host)
            for uuid in found
        ],
    )
    ids = journal.ids_of(session, wanted.name, found)
    return [{"id": ids[one], "instance_uuid": one} for one in found]


@db.transaction
def begin_revivals(
    context: RequestContext, host: str, uuids: Sequence[str]
) -> list[dict[str, Any]]:
    """Queue a hard reboot of those of the servers that are ACTIVE."""
    with db.writer() as session:
        active = session.scalars(
            sa.select(Instance.uuid).where(
                Instance.uuid.in_(uuids),
                Instance.vm_state == vm_states.ACTIVE,
            )
        ).all()
        return begin(session, context, transitions.HARD_REBOOT, host, active)
