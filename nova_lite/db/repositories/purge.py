# SPDX-License-Identifier: Apache-2.0
"""Removes what deleted servers left in the database.

Called by nova-lite-manage. A server's rows stay after its deletion, so that
its actions and faults can be looked up; this is where they end.
"""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from nova_lite.db import session as db
from nova_lite.db.models.instance import Instance, InstanceFault, InstanceTag
from nova_lite.db.models.instance_action import (
    InstanceAction,
    InstanceActionEvent,
)
from nova_lite.db.models.migration import Migration
from nova_lite.db.models.server_group import ServerGroupMember
from nova_lite.db.repositories import rows

# Servers a transaction: a longer one would hold up the daemons.
_BATCH = 200


def deleted_servers(before: datetime.datetime) -> dict[str, int]:
    """Remove servers that were deleted before a moment, and their history.

    Returns the number of rows removed from each table.
    """
    total: dict[str, int] = {}
    while removed := _batch(before):
        for table, count in removed.items():
            total[table] = total.get(table, 0) + count
    return total


@db.transaction
def _batch(before: datetime.datetime) -> dict[str, int]:
    with db.writer() as session:
        uuids = list(
            session.scalars(
                sa.select(Instance.uuid)
                .where(Instance.deleted != 0, Instance.deleted_at < before)
                .order_by(Instance.id)
                .limit(_BATCH)
            )
        )
        if not uuids:
            return {}
        actions = sa.select(InstanceAction.id).where(
            InstanceAction.instance_uuid.in_(uuids)
        )
        statements = {
            "instance_action_events": sa.delete(InstanceActionEvent).where(
                InstanceActionEvent.action_id.in_(actions)
            ),
            "instance_actions": sa.delete(InstanceAction).where(
                InstanceAction.instance_uuid.in_(uuids)
            ),
            "instance_faults": sa.delete(InstanceFault).where(
                InstanceFault.instance_uuid.in_(uuids)
            ),
            "migrations": sa.delete(Migration).where(
                Migration.instance_uuid.in_(uuids)
            ),
            "server_group_members": sa.delete(ServerGroupMember).where(
                ServerGroupMember.instance_uuid.in_(uuids)
            ),
            "instance_tags": sa.delete(InstanceTag).where(
                InstanceTag.instance_uuid.in_(uuids)
            ),
            "instances": sa.delete(Instance).where(Instance.uuid.in_(uuids)),
        }
        return {
            table: rows.execute(session, statement)
            for table, statement in statements.items()
        }
