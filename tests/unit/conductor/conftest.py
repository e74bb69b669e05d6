# SPDX-License-Identifier: Apache-2.0
"""A journal with servers in it, on each kind of database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from nova_lite.db import session as db
from nova_lite.db.repositories import instance, journal
from tests.fixtures import hosts

WORKER = str(uuid.uuid4())
OTHER = str(uuid.uuid4())


class Journal:
    """Servers and their actions, put there and looked at directly."""

    def server(self, **values: Any) -> str:
        """A server that is being built on no host yet."""
        one = str(uuid.uuid4())
        row = {
            "uuid": one,
            "project_id": "p",
            "user_id": "u",
            "display_name": "s",
            "hostname": "s",
            "vm_state": "building",
            "task_state": "scheduling",
            "flavor": {},
            "vcpus": 1,
            "memory_mb": 1,
            "root_gb": 1,
            "ephemeral_gb": 0,
            "image_meta": {},
            **values,
        }
        with db.writer() as session:
            instance.create(session, [row])
        return one

    def action(self, server: str, operation: str, **values: Any) -> int:
        """A queued action of a server."""
        row = {
            "instance_uuid": server,
            "action": operation,
            "operation": operation,
            "context": {},
            **values,
        }
        with db.writer() as session:
            journal.insert(session, [row])
            return journal.ids_of(session, operation, [server])[server]

    def build(self, **values: Any) -> tuple[str, int]:
        """A server with a queued build."""
        server = self.server(**values)
        return server, self.action(server, "build")

    def instance(self, server: str) -> dict[str, Any]:
        with db.reader() as session:
            return instance.by_uuids(session, [server])[server]

    def states(self, server: str) -> dict[str, str]:
        """operation -> state of a server's actions."""
        import sqlalchemy as sa

        from nova_lite.db.models.instance_action import InstanceAction

        with db.reader() as session:
            found = session.execute(
                sa.select(
                    InstanceAction.operation, InstanceAction.state
                ).where(InstanceAction.instance_uuid == server)
            )
            return {row.operation: row.state for row in found}


@pytest.fixture
def book(database_url: str) -> Iterator[Journal]:
    hosts.use_database(database_url)
    hosts.create_tables()
    yield Journal()
    hosts.leave_database()
