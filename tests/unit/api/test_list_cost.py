# SPDX-License-Identifier: Apache-2.0
"""A page of servers costs what the page has, not what the table has.

Counted by the databases themselves: MariaDB's handler, the rows that
PostgreSQL's plan went through, the instructions of SQLite's machine.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.compute.request import InstanceQuery
from nova_lite.db import session as db
from nova_lite.db.models.instance import Instance, InstanceTag
from nova_lite.db.repositories import (
    instance_changes,
    instance_query,
    tag,
)
from tests.fixtures import database, hosts

ROWS = 20_000
PAGE = 20
# SQLite spends at least so many instructions of its machine on a row.
INSTRUCTIONS = 4
DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
LATE = DAY + datetime.timedelta(seconds=ROWS - 15)
COLUMNS = ("uuid", "display_name")


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _row(number: int) -> dict[str, Any]:
    gone = number % 10 == 9
    return {
        "id": number,
        "uuid": _uuid(number),
        "project_id": f"p{number % 2}",
        "user_id": "alice",
        "display_name": f"web-{number}",
        "hostname": f"web-{number}",
        "vm_state": "deleted"
        if gone
        else ("error" if number % 1000 == 0 else "active"),
        "flavor": {},
        "vcpus": 1,
        "memory_mb": 512,
        "root_gb": 1,
        "ephemeral_gb": 0,
        "image_meta": {},
        "created_at": DAY + datetime.timedelta(seconds=number),
        "updated_at": DAY + datetime.timedelta(seconds=number + 1),
        "deleted": number if gone else 0,
    }


@pytest.fixture(scope="module", params=database.KINDS)
def stored(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The kind of a database with many servers in it."""
    kind: str = request.param
    hosts.use_database(
        database.fresh_database(kind, tmp_path_factory.mktemp("cost"))
    )
    hosts.create_tables()
    with db.writer() as session:
        for first in range(1, ROWS, 2000):
            session.execute(
                sa.insert(Instance),
                [_row(n) for n in range(first, first + 2000)],
            )
        tag.insert(
            session, {_uuid(n): ["rare"] for n in range(500, ROWS, 1000)}
        )
    table = "TABLE " if kind == "mariadb" else ""
    with db.engine().connect() as connection:
        for name in (Instance.__tablename__, InstanceTag.__tablename__):
            connection.exec_driver_sql(f"ANALYZE {table}{name}")
        connection.commit()
    yield kind
    hosts.leave_database()


def _of_mariadb(session: Any, run: Callable[[], Any]) -> int:
    def reads() -> int:
        found = session.execute(
            sa.text("SHOW SESSION STATUS LIKE 'Handler_read%'")
        )
        return sum(int(value) for _, value in found)

    before = reads()
    run()
    # What SHOW itself has read.
    after = reads()
    return after - before - (reads() - after)


def _of_sqlite(session: Any, run: Callable[[], Any]) -> int:
    connection = session.connection().connection.driver_connection
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(step, INSTRUCTIONS)
    run()
    connection.set_progress_handler(None, 0)
    return steps


def _of_postgresql(session: Any, run: Callable[[], Any]) -> int:
    sent: list[tuple[str, Any]] = []
    engine = session.get_bind()

    def keep(
        _c: Any, _cursor: Any, statement: str, args: Any, *_: Any
    ) -> None:
        sent.append((statement, args))

    sa.event.listen(engine, "before_cursor_execute", keep)
    run()
    sa.event.remove(engine, "before_cursor_execute", keep)
    total = 0
    for statement, args in sent:
        ((((plan,),),),) = (
            session.connection()
            .exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", args
            )
            .all(),
        )
        total += _rows_of(plan["Plan"])
    return total


def _rows_of(node: dict[str, Any]) -> int:
    removed = sum(
        value
        for name, value in node.items()
        if name.startswith("Rows Removed")
    )
    here = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return int(here) + sum(_rows_of(part) for part in node.get("Plans", ()))


COUNT = {
    "sqlite": _of_sqlite,
    "mariadb": _of_mariadb,
    "postgresql": _of_postgresql,
}
Values = dict[str, Any]
QUERIES: dict[str, Values] = {
    "of a project": {"project_id": "p1"},
    "of all projects": {},
    "by name": {"project_id": "p1", "regexes": {"display_name": "^web-77$"}},
    "by a rare status": {"filters": {"vm_state": ["error"]}},
    "by the usual status": {
        "project_id": "p1",
        "filters": {"vm_state": ["active"]},
    },
    "a page far behind": {"project_id": "p1", "marker": _uuid(501)},
    "everybody's page far behind": {"marker": _uuid(501)},
    "by uuid": {"filters": {"uuid": _uuid(77)}},
    "without a tag": {"project_id": "p1", "tags": {"not-tags": ["rare"]}},
}
# SQLite keeps no statistics that would tell it how few these are.
RARE: dict[str, Values] = {
    "a project's, by a rare status": {
        "project_id": "p0",
        "filters": {"vm_state": ["error"]},
    },
    "by changes": {
        "project_id": "p1",
        "changes_since": LATE,
        "deleted": None,
    },
    "everybody's changes": {"changes_since": LATE, "deleted": None},
    "by reservation": {"filters": {"reservation_id": "r-none"}},
    "by host": {"filters": {"host": "none"}},
    "by a rare tag": {"project_id": "p0", "tags": {"tags": ["rare"]}},
    "by any of rare tags": {"tags": {"tags-any": ["rare", "no"]}},
}


@pytest.mark.parametrize("name", QUERIES)
def test_cost(stored: str, name: str) -> None:
    _check(stored, QUERIES[name])


# SQLite reads on in the order of the list.
@pytest.mark.parametrize("stored", ["mariadb", "postgresql"], indirect=True)
@pytest.mark.parametrize("name", RARE)
def test_cost_of_what_is_rare(stored: str, name: str) -> None:
    _check(stored, RARE[name])


def _check(kind: str, values: Values) -> None:
    query = InstanceQuery(limit=PAGE, **values)
    found: list[Any] = []
    with db.reader() as session:
        read = COUNT[kind](
            session,
            lambda: found.extend(
                instance_query.list_(session, query, COLUMNS)
            ),
        )
    assert len(found) <= PAGE
    assert len(found) <= read <= 10 * PAGE


@pytest.mark.parametrize("project_id", [None, "p1"])
def test_cost_of_events(stored: str, project_id: str | None) -> None:
    """What the streams of events read twice a second."""
    found: list[Any] = []
    with db.reader() as session:
        read = COUNT[stored](
            session,
            lambda: found.extend(
                instance_changes.page(session, LATE, project_id=project_id)
            ),
        )
    assert 5 < len(found) < PAGE
    assert len(found) <= read <= 20 * PAGE
