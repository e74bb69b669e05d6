# SPDX-License-Identifier: Apache-2.0
"""What a page of servers costs beside 1,000 and beside 100,000 others.

The rows that a database reads for the first page, and for one in the
middle, of a project's servers; the median time is printed beside. All
belong to the one project, which is the worst case.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from nova_lite.compute.request import InstanceQuery
from nova_lite.db import session
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import instance_query
from tests.fixtures import hosts
from tests.fixtures.database import DatabaseServer, MariaDB, PostgreSQL

_FEW, _MANY = 1_000, 100_000
_PAGE = 100
_BATCH = 5_000
_PROJECT = "p1"
Examine = Callable[[sa.Connection, str, Any], int]


def measure(directory: Path) -> dict[str, float]:
    """Rows read for a page beside 100,000, over those beside 1,000."""
    figures = {}
    for name, kind in (("mariadb", MariaDB), ("postgresql", PostgreSQL)):
        server: DatabaseServer = kind(directory / f"pages-{name}")
        server.start()
        try:
            figures[f"page_{name}"] = growth(server, _FEW, _MANY)
        finally:
            server.stop()
    return figures


def growth(server: DatabaseServer, few: int, many: int) -> float:
    """Rows read for a page beside ``many`` servers, over beside ``few``."""
    hosts.use_database(server.fresh_url())
    hosts.create_tables()
    worst: list[int] = []
    stored = 0
    examine = _mariadb_rows if _is_mysql() else _postgresql_rows
    for total in (few, many):
        _store(total - stored)
        stored = total
        marker = _middle()
        pages = [_page(where, examine) for where in (None, marker)]
        worst.append(max(rows for rows, _ in pages))
        print(
            f"{session.engine().dialect.name}, {total} servers: "
            f"first page of {_PAGE} {pages[0][0]} "
            f"rows {pages[0][1]:.1f} ms, middle page {pages[1][0]} rows "
            f"{pages[1][1]:.1f} ms",
            file=sys.stderr,
        )
    hosts.leave_database()
    return worst[1] / worst[0]


def _store(count: int) -> None:
    for _ in range(0, count, _BATCH):
        size = min(_BATCH, count)
        with session.writer() as db:
            db.execute(sa.insert(Instance), [_server() for _ in range(size)])
    analyze = "ANALYZE TABLE" if _is_mysql() else "ANALYZE"
    with session.engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql(f"{analyze} instances")


def _server() -> dict[str, Any]:
    return {
        "uuid": str(uuid.uuid4()),
        "project_id": _PROJECT,
        "user_id": "u1",
        "display_name": "web",
        "hostname": "web",
        "vm_state": "active",
        "flavor": {"flavorid": "1", "name": "tiny", "extra_specs": {}},
        "vcpus": 1,
        "memory_mb": 512,
        "root_gb": 1,
        "ephemeral_gb": 0,
        "image_meta": {},
        "created_at": now(),
    }


def _is_mysql() -> bool:
    return session.engine().dialect.name in ("mysql", "mariadb")


def _middle() -> str:
    with session.reader() as db:
        count = db.scalar(sa.select(sa.func.count()).select_from(Instance))
        order = sa.select(Instance.uuid).order_by(Instance.id)
        found = db.scalar(order.offset(count // 2).limit(1))
    assert isinstance(found, str)
    return found


def _page(marker: str | None, examine: Examine) -> tuple[int, float]:
    """Rows read, and median milliseconds, of one page."""
    query = InstanceQuery(project_id=_PROJECT, limit=_PAGE, marker=marker)
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, text: str, values: Any, *_rest: Any) -> None:
        sent.append((text, values))

    took = []
    with session.reader() as db:
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        assert len(instance_query.list_(db, query)) == _PAGE
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        for _ in range(11):
            begun = time.perf_counter()
            instance_query.list_(db, query)
            took.append(time.perf_counter() - begun)
    with session.engine().connect() as connection:
        rows = sum(examine(connection, *one) for one in sent)
    return rows, statistics.median(took) * 1000


def _mariadb_rows(connection: sa.Connection, text: str, values: Any) -> int:
    connection.exec_driver_sql("FLUSH STATUS")
    connection.exec_driver_sql(text, values).fetchall()
    found = connection.exec_driver_sql(
        "SHOW SESSION STATUS LIKE 'Handler_read%%'"
    )
    return sum(int(count) for _, count in found)


def _postgresql_rows(connection: sa.Connection, text: str, values: Any) -> int:
    explained = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values
    ).scalar()
    if isinstance(explained, str):
        explained = json.loads(explained)
    return _scanned(explained[0]["Plan"])


def _scanned(plan: dict[str, Any]) -> int:
    """Rows that the scans of a plan gave, or read and threw away."""
    own = 0
    if "Scan" in plan["Node Type"]:
        removed = plan.get("Rows Removed by Filter", 0)
        own = plan["Actual Loops"] * (plan["Actual Rows"] + removed)
    return int(own) + sum(_scanned(part) for part in plan.get("Plans", []))
