# SPDX-License-Identifier: Apache-2.0
"""A host audits each period once, whatever happens to its daemon."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.compute.usage_audit import TASK, UsageAudit
from nova_lite.context import get_admin_context
from nova_lite.db import repositories, session
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import task_log
from tests.fixtures import hosts

MARCH = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
APRIL = datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC)
MAY = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _database(tmp_path: Path) -> Iterator[None]:
    hosts.use_database(f"sqlite:///{tmp_path}/nova.sqlite")
    hosts.create_tables()
    repositories.register()
    yield
    hosts.leave_database()


def _server(host: str, launched_at: Any, terminated_at: Any = None) -> None:
    with session.writer() as db:
        db.execute(
            sa.insert(Instance).values(
                uuid=str(uuid.uuid4()),
                project_id="p1",
                user_id="alice",
                display_name="web",
                hostname="web",
                vm_state="active",
                host=host,
                flavor={},
                vcpus=1,
                memory_mb=1,
                root_gb=1,
                ephemeral_gb=0,
                image_meta={},
                launched_at=launched_at,
                terminated_at=terminated_at,
            )
        )


def _logs(begin: Any, end: Any) -> list[dict[str, Any]]:
    with session.reader() as db:
        return task_log.list_(db, TASK, begin, end)


def test_counts_what_ran_in_the_period() -> None:
    _server("one", MARCH - DAY)
    _server("one", MARCH + DAY, MARCH + DAY)
    _server("one", MARCH - DAY, MARCH - DAY)
    _server("one", APRIL + DAY)
    _server("one", None)
    _server("two", MARCH)

    UsageAudit("one", "month").look(get_admin_context(), APRIL + DAY)

    (log,) = _logs(MARCH, APRIL)
    assert (log["host"], log["state"]) == ("one", "DONE")
    assert (log["task_items"], log["errors"]) == (2, 0)
    assert log["message"].startswith(
        "Instance usage audit ran for host one, 2 instances in "
    )


def test_a_period_is_audited_once_by_each_host() -> None:
    context = get_admin_context()
    first = UsageAudit("one", "month")
    first.look(context, APRIL + DAY)
    _server("one", MARCH)
    first.look(context, APRIL + DAY + DAY)

    UsageAudit("one", "month").look(context, APRIL + DAY)
    UsageAudit("two", "month").look(context, APRIL + DAY)

    assert [
        (row["host"], row["task_items"]) for row in _logs(MARCH, APRIL)
    ] == [
        ("one", 0),
        ("two", 0),
    ]


def test_the_next_period_follows() -> None:
    audit = UsageAudit("one", "month")
    audit.look(get_admin_context(), APRIL + DAY)
    audit.look(get_admin_context(), MAY + DAY)

    assert len(_logs(MARCH, APRIL)) == 1
    assert len(_logs(APRIL, MAY)) == 1
