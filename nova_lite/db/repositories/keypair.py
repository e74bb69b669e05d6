# SPDX-License-Identifier: Apache-2.0
"""Key pairs in the database, by user and name; rows as dicts.

Called by the API's controllers and by compute.API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.keypair import KeyPair
from nova_lite.db.repositories import rows

_TABLE = KeyPair.__table__


def get(session: orm.Session, user_id: str, name: str) -> dict[str, Any]:
    """Raises: KeypairNotFound."""
    row = session.execute(_one(user_id, name)).mappings().first()
    if row is None:
        raise exception.KeypairNotFound(user_id=user_id, name=name)
    return dict(row)


def _one(user_id: str, name: str) -> Any:
    return sa.select(_TABLE).where(
        _TABLE.c.user_id == user_id, _TABLE.c.name == name
    )


def list_(
    session: orm.Session,
    user_id: str,
    limit: int | None = None,
    marker: str | None = None,
) -> list[dict[str, Any]]:
    """A user's key pairs by name. Raises: MarkerNotFound."""
    statement = (
        sa.select(_TABLE)
        .where(_TABLE.c.user_id == user_id)
        .order_by(_TABLE.c.name)
    )
    if marker is not None:
        if session.execute(_one(user_id, marker)).first() is None:
            raise exception.MarkerNotFound(marker=marker)
        statement = statement.where(_TABLE.c.name > marker)
    if limit is not None:
        statement = statement.limit(limit)
    return [dict(row) for row in session.execute(statement).mappings()]


def create(session: orm.Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new key pair. Raises: KeypairExists."""
    where = _one(values["user_id"], values["name"])
    if session.execute(where).first() is not None:
        raise exception.KeypairExists(key_name=values["name"])
    try:
        session.execute(sa.insert(KeyPair).values(**values))
    except db_exc.DBDuplicateEntry as error:
        # Another request was quicker between the look and the write.
        raise exception.KeypairExists(key_name=values["name"]) from error
    return get(session, values["user_id"], values["name"])


def delete(session: orm.Session, user_id: str, name: str) -> None:
    """Raises: KeypairNotFound."""
    if not rows.execute(
        session,
        sa.delete(KeyPair).where(
            KeyPair.user_id == user_id, KeyPair.name == name
        ),
    ):
        raise exception.KeypairNotFound(user_id=user_id, name=name)
