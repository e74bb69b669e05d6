# SPDX-License-Identifier: Apache-2.0
"""The log of the usage audits."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db import session as db
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.task_log import TaskLog
from nova_lite.db.repositories import rows, usage

_TABLE = TaskLog.__table__

RUNNING = "RUNNING"
DONE = "DONE"


def list_(
    session: orm.Session,
    task_name: str,
    begin: datetime.datetime,
    end: datetime.datetime,
) -> list[dict[str, Any]]:
    """What each host logged of a task for a period."""
    found = session.execute(
        sa.select(_TABLE)
        .where(
            _TABLE.c.task_name == task_name,
            _TABLE.c.period_beginning == begin,
            _TABLE.c.period_ending == end,
        )
        .order_by(_TABLE.c.host)
    )
    return [dict(row) for row in found.mappings()]


def begin(
    task_name: str,
    host: str,
    period_beginning: datetime.datetime,
    period_ending: datetime.datetime,
) -> dict[str, Any] | None:
    """Begin a host's audit of a period, with the count of its servers.

    None when it was begun before.
    """
    try:
        return _begin(task_name, host, period_beginning, period_ending)
    except db_exc.DBDuplicateEntry:
        return None


@db.transaction
def _begin(
    task_name: str,
    host: str,
    period_beginning: datetime.datetime,
    period_ending: datetime.datetime,
) -> dict[str, Any]:
    with db.writer() as session:
        ran = session.scalar(
            sa.select(sa.func.count())
            .select_from(Instance)
            .where(
                Instance.host == host,
                *usage.ran_within(period_beginning, period_ending),
            )
        )
        made = TaskLog(
            task_name=task_name,
            host=host,
            state=RUNNING,
            period_beginning=period_beginning,
            period_ending=period_ending,
            message="Instance usage audit is running",
            task_items=ran or 0,
        )
        session.add(made)
        session.flush()
        return rows.as_dict(made)


@db.transaction
def end(log_id: int, message: str, errors: int) -> bool:
    """End an audit; False when its row is no longer there."""
    with db.writer() as session:
        return bool(
            rows.execute(
                session,
                sa.update(TaskLog)
                .where(TaskLog.id == log_id)
                .values(state=DONE, message=message, errors=errors),
            )
        )
