# SPDX-License-Identifier: Apache-2.0
"""Shelved servers whose time on their host is over: they leave it.

Called by conductor for the compute of their host.
"""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa

from nova_lite.compute import transitions, vm_states
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import own_actions


@db.transaction
def begin_offloads(
    context: RequestContext, host: str, shelved_for_s: int
) -> list[dict[str, Any]]:
    """Queue an offload of each; "id" and "instance_uuid" of the actions."""
    due = now() - datetime.timedelta(seconds=shelved_for_s)
    with db.writer() as session:
        found = session.execute(
            sa.select(Instance.uuid, Instance.system_metadata).where(
                Instance.host == host,
                Instance.deleted == 0,
                Instance.vm_state == vm_states.SHELVED,
                Instance.task_state.is_(None),
            )
        )
        ripe = [
            row.uuid
            for row in found
            if _shelved_at(row.system_metadata, due) <= due
        ]
        return own_actions.begin(
            session, context, transitions.SHELVE_OFFLOAD, host, ripe
        )


def _shelved_at(
    system_metadata: dict[str, Any], otherwise: datetime.datetime
) -> datetime.datetime:
    text = system_metadata.get("shelved_at")
    return datetime.datetime.fromisoformat(text) if text else otherwise
