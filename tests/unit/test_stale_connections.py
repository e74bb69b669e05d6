# SPDX-License-Identifier: Apache-2.0
"""Connections that the server closes while they wait in the pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.db import session, stale
from tests.fixtures import hosts
from tests.fixtures.database import fresh_database

_ME = {
    "mysql": "SELECT CONNECTION_ID()",
    "postgresql": "SELECT pg_backend_pid()",
}
_END = {
    "mysql": "KILL {}",
    "postgresql": "SELECT pg_terminate_backend({}, 5000)",
}


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    """A database server in use; the name of its dialect."""
    hosts.use_database(fresh_database(request.param, tmp_path))
    yield session.engine().dialect.name
    hosts.leave_database()


def _connection(dialect: str) -> int:
    """Which connection a reader has."""
    with session.reader() as db:
        return int(db.scalar(sa.text(_ME[dialect])) or 0)


def _end(dialect: str, connection: int) -> None:
    """Have the server close it, on a connection of our own."""
    with session.engine().connect() as db:
        db.execute(sa.text(_END[dialect].format(connection)))


def test_one_that_was_idle_is_replaced(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale, "TRUSTED_S", 0)
    before = _connection(server)
    _end(server, before)
    assert _connection(server) not in (0, before)


def test_one_just_used_is_not_asked(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale, "TRUSTED_S", 60)
    before = _connection(server)
    asked: list[Any] = []
    monkeypatch.setattr(
        session._reading_engine().dialect, "do_ping", asked.append
    )
    assert _connection(server) == before
    assert asked == []


def test_one_that_breaks_when_just_used_is_tried_again(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale, "TRUSTED_S", 60)
    before = _connection(server)
    _end(server, before)
    assert session.transaction(_connection)(server) not in (0, before)
