# SPDX-License-Identifier: Apache-2.0
"""Images that were to be made of servers, and came to nothing."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.repositories import rows
from nova_lite.db.repositories.journal import ERROR

_OPERATIONS = ("snapshot", "backup")
_IMAGE_ID = "image_id"


def list_(age: datetime.timedelta, limit: int) -> dict[int, str]:
    """Images of actions that have failed and are no older, by action."""
    with db.reader() as session:
        found = session.execute(
            sa.select(InstanceAction.id, InstanceAction.arguments).where(
                InstanceAction.state == ERROR,
                InstanceAction.queued_at > now() - age,
                InstanceAction.operation.in_(_OPERATIONS),
            )
        )
        images = {
            row.id: row.arguments[_IMAGE_ID]
            for row in found
            if row.arguments.get(_IMAGE_ID)
        }
    return dict(list(images.items())[:limit])


@db.transaction
def settle(action_id: int) -> None:
    """Forget the image of an action: it is whole or gone."""
    with db.writer() as session:
        row = session.get_one(InstanceAction, action_id)
        rows.execute(
            session,
            sa.update(InstanceAction)
            .where(InstanceAction.id == action_id)
            .values(arguments={**row.arguments, _IMAGE_ID: None}),
        )
