# SPDX-License-Identifier: Apache-2.0
"""Migrations, usage and audits on each database; and how they are purged."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.context import get_admin_context
from nova_lite.db import repositories, session
from nova_lite.db.models.migration import Migration as MigrationRow
from nova_lite.db.repositories import migration, purge, task_log, usage
from nova_lite.db.repositories.migration import MigrationQuery
from nova_lite.objects.migration import Migration
from nova_lite.objects.task_log import TaskLog
from tests.fixtures import hosts

pytestmark = pytest.mark.functional

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _database(database_url: str) -> Iterator[None]:
    hosts.use_database(database_url)
    hosts.create_tables()
    repositories.register()
    yield
    hosts.leave_database()


def _server(number: int, project_id: str = "p", **values: Any) -> str:
    ident = str(uuid.UUID(int=number))
    hosts.server_on(
        "one", uuid=ident, project_id=project_id, vm_state="active", **values
    )
    return ident


def _migrate(server: str, **values: Any) -> Migration:
    return Migration.create(
        get_admin_context(),
        {
            "instance_uuid": server,
            "project_id": "p",
            "migration_type": "resize",
            "status": "migrating",
            "old_flavor": {"id": 1},
            "new_flavor": {"id": 2},
            **values,
        },
    )


def _listed(**query: Any) -> list[str]:
    with session.reader() as db:
        rows = migration.list_(db, MigrationQuery(**query))
    return [row["uuid"] for row in rows]


def test_a_migration_is_followed() -> None:
    made = _migrate(_server(1))

    assert made.update({"status": "finished", "dest_compute": "two"})

    with session.reader() as db:
        row = migration.get(db, made.instance_uuid, str(made.id))
    assert row is not None
    assert (row["status"], row["dest_compute"]) == ("finished", "two")
    assert row["new_flavor"] == {"id": 2}
    assert row["updated_at"] >= row["created_at"]


def test_pages_of_migrations_of_one_moment() -> None:
    server = _server(1)
    made = [_migrate(server, created_at=NOON).uuid for _ in range(5)]

    found: list[str] = []
    while page := _listed(limit=2, marker=found[-1] if found else None):
        found += page

    assert found == made[::-1]


def test_migrations_by_when_they_changed() -> None:
    server = _server(1)
    old = _migrate(server, created_at=NOON)
    new = _migrate(server, created_at=NOON + HOUR)

    assert _listed(changes_since=NOON + HOUR) == [new.uuid]
    assert _listed(changes_before=NOON) == [old.uuid]
    old.update({"status": "error", "updated_at": NOON + 2 * HOUR})
    assert _listed(changes_since=NOON + HOUR) == [new.uuid, old.uuid]


def test_migrations_go_with_their_server() -> None:
    gone, kept = _server(1, deleted=1, deleted_at=NOON), _server(2)
    _migrate(gone)
    left = _migrate(kept)

    assert purge.deleted_servers(NOON + HOUR)["migrations"] == 1

    assert _listed() == [left.uuid]
    assert not Migration(get_admin_context(), uuid=str(uuid.uuid4())).update(
        {"status": "error"}
    )


def test_pages_of_usage() -> None:
    for number, project_id in ((3, "a"), (1, "b"), (2, "a"), (4, "b")):
        _server(number, project_id, launched_at=NOON)
    _server(5, "a", launched_at=NOON - HOUR, terminated_at=NOON)
    _server(6, "a", launched_at=NOON + HOUR)

    found: list[tuple[str, int]] = []
    marker = None
    while True:
        with session.reader() as db:
            page = usage.list_(db, NOON, NOON + HOUR, limit=3, marker=marker)
        if not page:
            break
        marker = page[-1]["uuid"]
        found += [(r["project_id"], uuid.UUID(r["uuid"]).int) for r in page]

    assert found == [("a", 2), ("a", 3), ("b", 1), ("b", 4)]


def test_an_audit_is_begun_once() -> None:
    _server(1, launched_at=NOON)
    context = get_admin_context()
    words = (context, "audit", "one", NOON, NOON + HOUR)

    first = TaskLog.begin(*words)
    assert first is not None
    assert TaskLog.begin(*words) is None
    assert first.end("it ran", 2)

    with session.reader() as db:
        (row,) = task_log.list_(db, "audit", NOON, NOON + HOUR)
    assert (row["state"], row["task_items"]) == ("DONE", 1)
    assert (row["message"], row["errors"]) == ("it ran", 2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_list_of_migrations_reads_an_index() -> None:
    """A page costs its own rows, however many migrations are stored."""
    with session.writer() as db:
        plan = " ".join(
            row.detail
            for row in db.execute(
                sa.text(
                    "EXPLAIN QUERY PLAN SELECT * FROM "
                    f"{MigrationRow.__tablename__} WHERE hidden = 0 "
                    "ORDER BY created_at DESC, id DESC LIMIT 10"
                )
            )
        )
    assert "ix_migrations_created_at_id" in plan
    assert "TEMP B-TREE" not in plan
