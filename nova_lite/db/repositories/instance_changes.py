# SPDX-License-Identifier: Apache-2.0
"""Servers in the order in which they changed, for the streams of events.

Called by nova-lite-api. A server that has not changed since it was made
has no updated_at, so there are two ranges, each read off its own index.
"""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.instance import Instance

PAGE = 1000
_TABLE = Instance.__table__
COLUMNS = (
    "id",
    "uuid",
    "project_id",
    "display_name",
    "vm_state",
    "task_state",
    "power_state",
    "deleted",
)
Row = dict[str, Any]


def page(
    session: orm.Session,
    moment: datetime.datetime,
    after_id: int = 0,
    *,
    project_id: str | None = None,
    limit: int = PAGE,
) -> list[Row]:
    """Servers that changed at ``moment`` or later, the oldest change first.

    Deleted ones too. ``after_id`` goes on behind a row of that moment.
    ``changed_at`` says when each changed last.
    """

    def part(column: Any, *where: Any) -> Any:
        where = (
            column >= moment,
            (column > moment) | (_TABLE.c.id > after_id),
            *where,
        )
        if project_id is not None:
            where = (*where, _TABLE.c.project_id == project_id)
        chosen = (
            sa.select(
                *(_TABLE.c[name] for name in COLUMNS),
                column.label("changed_at"),
            )
            .where(*where)
            .order_by(column, _TABLE.c.id)
            .limit(limit)
        )
        # SQLite takes an ORDER BY inside a UNION only in a subquery.
        return chosen.subquery().select()

    both = sa.union_all(
        part(_TABLE.c.updated_at),
        # Every change, a delete too, writes updated_at.
        part(
            _TABLE.c.created_at,
            _TABLE.c.deleted == 0,
            _TABLE.c.updated_at.is_(None),
        ),
    ).subquery()
    found = session.execute(
        sa.select(both).order_by(both.c.changed_at, both.c.id).limit(limit)
    )
    return [dict(row) for row in found.mappings()]
