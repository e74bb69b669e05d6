# SPDX-License-Identifier: Apache-2.0
"""Migrations: what the API lists, and what the daemons write of them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db import session as db
from nova_lite.db.models.migration import Migration
from nova_lite.db.repositories import rows

_TABLE = Migration.__table__

LIVE = "live-migration"
# What a live migration is in while it can still be followed.
IN_PROGRESS = ("queued", "preparing", "running", "post-migrating")


@dataclass(frozen=True, slots=True)
class MigrationQuery:
    """Which migrations to list; None does not matter.

    ``host`` is either end; ``marker`` is a migration's uuid.
    """

    host: str | None = None
    instance_uuid: str | None = None
    source_compute: str | None = None
    status: str | None = None
    migration_type: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    hidden: bool = False
    changes_since: datetime.datetime | None = None
    changes_before: datetime.datetime | None = None
    limit: int | None = None
    marker: str | None = None


_EQUAL = (
    "instance_uuid",
    "source_compute",
    "status",
    "migration_type",
    "user_id",
    "project_id",
)


def list_(session: orm.Session, query: MigrationQuery) -> list[dict[str, Any]]:
    """One page of migrations, the latest first. Raises: MarkerNotFound."""
    statement = (
        sa.select(_TABLE)
        .where(*_conditions(query))
        .order_by(_TABLE.c.created_at.desc(), _TABLE.c.id.desc())
    )
    if query.marker is not None:
        statement = statement.where(_behind(session, query))
    if query.limit is not None:
        statement = statement.limit(query.limit)
    return [dict(row) for row in session.execute(statement).mappings()]


def _conditions(query: MigrationQuery) -> list[Any]:
    where: list[Any] = [_TABLE.c.hidden == query.hidden]
    for name in _EQUAL:
        value = getattr(query, name)
        if value is not None:
            where.append(_TABLE.c[name] == value)
    if query.host is not None:
        where.append(
            (_TABLE.c.source_compute == query.host)
            | (_TABLE.c.dest_compute == query.host)
        )
    # A migration that never changed since it was made has no updated_at.
    changed = sa.func.coalesce(
        _TABLE.c.updated_at,
        _TABLE.c.created_at,
        type_=_TABLE.c.created_at.type,
    )
    if query.changes_since is not None:
        where.append(changed >= query.changes_since)
    if query.changes_before is not None:
        where.append(changed <= query.changes_before)
    return where


def _behind(session: orm.Session, query: MigrationQuery) -> Any:
    where = [_TABLE.c.uuid == query.marker]
    if query.project_id is not None:
        where.append(_TABLE.c.project_id == query.project_id)
    row = session.execute(
        sa.select(_TABLE.c.created_at, _TABLE.c.id).where(*where)
    ).first()
    if row is None:
        raise exception.MarkerNotFound(marker=query.marker)
    return (_TABLE.c.created_at < row.created_at) | (
        (_TABLE.c.created_at == row.created_at) & (_TABLE.c.id < row.id)
    )


def in_progress(
    session: orm.Session, instance_uuid: str
) -> list[dict[str, Any]]:
    """The live migrations of a server that are on their way."""
    found = session.execute(
        sa.select(_TABLE)
        .where(
            _TABLE.c.instance_uuid == instance_uuid,
            _TABLE.c.migration_type == LIVE,
            _TABLE.c.status.in_(IN_PROGRESS),
        )
        .order_by(_TABLE.c.id)
    )
    return [dict(row) for row in found.mappings()]


def get(
    session: orm.Session, instance_uuid: str, number: str
) -> dict[str, Any] | None:
    """A server's migration by its number, as the user gave it, or None."""
    # More digits than a column can hold are nobody's number.
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    found = session.execute(
        sa.select(_TABLE).where(
            _TABLE.c.id == int(number),
            _TABLE.c.instance_uuid == instance_uuid,
        )
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


@db.transaction
def create(values: Mapping[str, Any]) -> dict[str, Any]:
    """Insert a migration, with a new uuid; its row."""
    with db.writer() as session:
        made = Migration(uuid=str(uuid.uuid4()), **values)
        session.add(made)
        session.flush()
        return rows.as_dict(made)


@db.transaction
def update(migration_uuid: str, values: Mapping[str, Any]) -> bool:
    """Change columns of a migration; False when there is none."""
    with db.writer() as session:
        return bool(
            rows.execute(
                session,
                sa.update(Migration)
                .where(Migration.uuid == migration_uuid)
                .values(**values),
            )
        )


@db.transaction
def by_uuid(migration_uuid: str) -> dict[str, Any]:
    """One migration. Raises: MigrationNotFound."""
    with db.reader() as session:
        found = session.execute(
            sa.select(_TABLE).where(_TABLE.c.uuid == migration_uuid)
        )
        row = found.mappings().first()
    if row is None:
        raise exception.MigrationNotFound(migration_id=migration_uuid)
    return dict(row)
