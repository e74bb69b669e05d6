# SPDX-License-Identifier: Apache-2.0
"""What a resize holds, statement by statement, on three databases."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.migration import Migration
from nova_lite.db.models.provider import (
    Allocation,
    Inventory,
    ResourceProvider,
)
from nova_lite.db.repositories import deletion, journal, provider, resize
from tests.unit.conductor.conftest import OTHER, WORKER, Journal

CONTEXT = get_admin_context()
EVENT = {"event": "test", "start_time": now(), "result": "Success"}
OLD = {"VCPU": 2, "DISK_GB": 10}
NEW = {"VCPU": 4, "DISK_GB": 20}


class Moves:
    """A host of 4 VCPU and 40 GB, and servers on it."""

    def __init__(self, book: Journal) -> None:
        self.book = book
        with db.writer() as session:
            node = ResourceProvider(uuid=str(uuid.uuid4()), name="h")
            session.add(node)
            session.flush()
            self.provider_id = node.id
            for name, total in (("VCPU", 4), ("DISK_GB", 40)):
                session.add(
                    Inventory(
                        provider_id=node.id, resource_class=name, total=total
                    )
                )

    def server(self, **held: int) -> str:
        """An ACTIVE server that holds so much."""
        one = self.book.server(
            vm_state="active", task_state="resize_prep", host="h", node="h"
        )
        self.hold(one, held)
        return one

    def hold(self, consumer: str, held: dict[str, int]) -> None:
        with db.writer() as session:
            for name, used in held.items():
                session.add(
                    Allocation(
                        consumer_uuid=consumer,
                        provider_id=self.provider_id,
                        resource_class=name,
                        used=used,
                    )
                )

    def begin(
        self, server: str, needs: dict[str, int], worker: str = WORKER
    ) -> str | None:
        ident = self.book.action(server, "resize")
        ((action, instance),) = journal.claim([ident], WORKER)
        return resize.begin(
            action, worker, instance, self.values(server), needs, EVENT
        )

    def values(self, server: str) -> dict[str, Any]:
        return {
            "instance_uuid": server,
            "migration_type": "resize",
            "status": "pre-migrating",
            "source_compute": "h",
            "dest_compute": "h",
        }

    def held(self, consumer: str) -> dict[str, int]:
        found = provider.allocations([consumer]).get(consumer, {})
        return found.get(self.provider_id, {})

    def migration(self, server: str) -> Any:
        with db.reader() as session:
            return session.execute(
                sa.select(Migration.uuid, Migration.status)
                .where(Migration.instance_uuid == server)
                .order_by(Migration.id.desc())
            ).first()


@pytest.fixture
def moves(book: Journal) -> Moves:
    return Moves(book)


def test_both_are_held_and_the_larger_has_to_fit(moves: Moves) -> None:
    server = moves.server(**OLD)
    assert moves.begin(server, NEW) is None
    migration = moves.migration(server)
    assert moves.held(server) == NEW
    assert moves.held(migration.uuid) == OLD
    # A scheduler's or the sweep's hunt for orphans leaves it alone.
    assert provider.orphans() == []
    row = moves.book.instance(server)
    assert row["system_metadata"] == {"old_vm_state": "active"}


def test_no_room(moves: Moves) -> None:
    server = moves.server(**OLD)
    for needs, lack in (
        ({"VCPU": 5, "DISK_GB": 1}, "not enough VCPU: needs 5, 4 free of 4"),
        # Both have their disks.
        ({"DISK_GB": 31}, "not enough DISK_GB: needs 41, 40 free of 40"),
        ({"GPU": 1}, "not enough GPU: needs 1, 0 free of 0"),
    ):
        assert moves.begin(server, needs) == lack
        assert moves.held(server) == OLD
        assert moves.migration(server) is None
        with db.writer() as session:
            journal.supersede(session, server, "done")


def test_delete_or_another_worker_came_first(moves: Moves) -> None:
    server = moves.server(**OLD)
    with pytest.raises(exception.InstanceInvalidState):
        moves.begin(server, NEW, worker=OTHER)
    assert moves.held(server) == OLD
    assert moves.migration(server) is None
    other = moves.server(VCPU=1)
    with db.writer() as session:
        deletion.mark_deleting(session, other)
    with pytest.raises(exception.InstanceInvalidState):
        moves.begin(other, {"VCPU": 1})


def test_both_ends_may_be_repeated(moves: Moves) -> None:
    server = moves.server(**OLD)
    for needs, status in ((NEW, "reverted"), (OLD, "confirmed")):
        assert moves.begin(server, needs) is None
        ident = moves.migration(server).uuid
        for _ in range(2):
            if status == "reverted":
                resize.give_back(ident, server, status)
            else:
                resize.let_go(ident)
            assert moves.held(server) == OLD
            assert moves.held(ident) == {}
        assert moves.migration(server).status == status
        with db.writer() as session:
            journal.supersede(session, server, "done")


def test_a_new_resize_ends_what_an_old_one_has_left(moves: Moves) -> None:
    """After a reset-state in its middle."""
    server = moves.server(VCPU=1, DISK_GB=1)
    moves.begin(server, {"VCPU": 1, "DISK_GB": 2})
    left = moves.migration(server).uuid
    with db.writer() as session:
        journal.supersede(session, server, "reset")
    assert moves.begin(server, {"VCPU": 1, "DISK_GB": 3}) is None
    assert moves.held(left) == {}
    assert moves.held(moves.migration(server).uuid) == {
        "VCPU": 1,
        "DISK_GB": 2,
    }


def test_a_deleted_server_leaves_nothing(moves: Moves) -> None:
    for status, then in (
        ("pre-migrating", "error"),
        ("finished", "confirmed"),
        ("error", "error"),
    ):
        server = moves.server(VCPU=1)
        moves.begin(server, {"VCPU": 2})
        ident = moves.migration(server).uuid
        _set(ident, status=status)
        with db.writer() as session:
            deletion.bury_instance(session, server)
        assert moves.held(server) == moves.held(ident) == {}
        assert moves.migration(server).status == then
        resize.give_back(ident, server, "error")
        assert moves.held(server) == {}


def test_what_waits_too_long_is_confirmed(moves: Moves) -> None:
    server = moves.server(**OLD)
    moves.begin(server, NEW)
    ident = moves.migration(server).uuid
    with db.writer() as session:
        journal.supersede(session, server, "done")
        session.execute(
            sa.text(
                "UPDATE instances SET vm_state='resized', task_state=NULL "
                "WHERE uuid=:uuid"
            ),
            {"uuid": server},
        )
    _set(ident, status="finished")
    assert resize.confirm_overdue(CONTEXT, "h", 3600) == []
    assert resize.confirm_overdue(CONTEXT, "elsewhere", 0) == []
    ((action, found),) = resize.confirm_overdue(CONTEXT, "h", 0)
    assert found == server
    assert resize.confirm_overdue(CONTEXT, "h", 0) == []
    row = moves.book.instance(server)
    assert row["task_state"] == "resize_confirming"
    assert row["system_metadata"] == {}
    assert moves.migration(server).status == "confirming"
    ((taken, _),) = journal.claim([action], WORKER)
    assert taken["operation"] == "confirm_resize"
    assert taken["arguments"] == {
        "migration": ident,
        "old_vm_state": "active",
    }


def _set(ident: str, **values: Any) -> None:
    with db.writer() as session:
        session.execute(
            sa.update(Migration).where(Migration.uuid == ident).values(values)
        )
