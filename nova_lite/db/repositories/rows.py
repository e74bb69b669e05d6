# SPDX-License-Identifier: Apache-2.0
"""What the repositories share: rows as dicts, affected-row counts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.base import Base


def as_dict(row: Base) -> dict[str, Any]:
    """A model's columns by their names."""
    return {
        column.key: getattr(row, column.key)
        for column in sa.inspect(type(row)).column_attrs
    }


def execute(session: orm.Session, statement: Any, *args: Any) -> int:
    """Run an UPDATE or DELETE; the number of rows that it met."""
    result = session.execute(
        statement, *args, execution_options={"synchronize_session": False}
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
