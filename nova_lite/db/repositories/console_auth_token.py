# SPDX-License-Identifier: Apache-2.0
"""The rights to open a console: each is used once and lives for minutes.

A token counts for as long as its server is there: nothing has to be removed
when a server is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.console_auth_token import ConsoleAuthToken
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import rows

_TABLE = ConsoleAuthToken.__table__


def insert(session: orm.Session, values: Mapping[str, Any]) -> None:
    """Write a new token; ``values`` are its columns."""
    session.add(ConsoleAuthToken(**values))


def get(session: orm.Session, token_hash: str) -> dict[str, Any] | None:
    """A token that still counts, with ``compute_host`` of its server."""
    found = (
        session.execute(
            sa.select(_TABLE, Instance.host.label("compute_host"))
            .join(Instance, Instance.uuid == _TABLE.c.instance_uuid)
            .where(
                _TABLE.c.token_hash == token_hash,
                _TABLE.c.expires_at > now(),
                Instance.deleted == 0,
                Instance.host.is_not(None),
            )
        )
        .mappings()
        .first()
    )
    return None if found is None else dict(found)


@db.transaction
def redeem(token_hash: str) -> dict[str, Any] | None:
    """Use a token up: what it opens, to the first who asks alone."""
    with db.writer() as session:
        found = get(session, token_hash)
        if found is None:
            return None
        used = rows.execute(
            session,
            sa.delete(ConsoleAuthToken).where(
                ConsoleAuthToken.id == found["id"]
            ),
        )
        return found if used else None


@db.transaction
def remove_expired() -> int:
    """Remove the tokens whose time is over; how many there were."""
    with db.writer() as session:
        return rows.execute(
            session,
            sa.delete(ConsoleAuthToken).where(
                ConsoleAuthToken.expires_at <= now()
            ),
        )
