# SPDX-License-Identifier: Apache-2.0
"""Soft-deleted servers whose time has come: their deletes are queued.

Called by conductor for the compute of their host.
"""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from nova_lite.compute import task_states, transitions, vm_states
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import journal, rows

# Of one call; the rest is taken by the next.
_MOST = 100


@db.transaction
def reclaim(
    context: RequestContext, host: str, older_than_s: int
) -> list[tuple[int, str]]:
    """Mark servers as deleting and queue that; (action id, uuid) of each.

    One that is being restored is left alone. What no host has is marked too,
    for conductor: its sweep comes upon the row.
    """
    due = now() - datetime.timedelta(seconds=older_than_s)
    ripe = (
        sa.or_(Instance.host == host, Instance.host.is_(None)),
        Instance.deleted == 0,
        Instance.vm_state == vm_states.SOFT_DELETED,
        Instance.task_state.is_(None),
        Instance.deleted_at < due,
    )
    with db.writer() as session:
        found = session.execute(
            sa.select(Instance.uuid, Instance.host)
            .where(*ripe)
            .order_by(Instance.id)
            .limit(_MOST)
            .with_for_update()
        )
        hosts = {row.uuid: row.host for row in found}
        if not hosts:
            return []
        uuids = list(hosts)
        rows.execute(
            session,
            sa.update(Instance)
            .where(Instance.uuid.in_(uuids), *ripe)
            .values(task_state=task_states.DELETING),
        )
        delete = transitions.DELETE
        journal.insert(
            session,
            [
                journal.action_row(
                    context, uuid, delete.action, delete.name, hosts[uuid]
                )
                for uuid in uuids
            ],
        )
        ids = journal.ids_of(session, delete.name, uuids)
    return [(ids[uuid], uuid) for uuid in uuids if hosts[uuid]]
