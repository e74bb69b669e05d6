# SPDX-License-Identifier: Apache-2.0
"""Which of two requests wins that saw the same server, on three databases."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite import exception
from nova_lite.compute import api, begin, transitions
from nova_lite.compute import resize as resizes
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.migration import Migration
from nova_lite.db.repositories import journal, lost_actions, resize
from tests.unit.conductor.conftest import WORKER, Journal

CONTEXT = RequestContext(project_id="p", user_id="u")


def _resized(book: Journal, status: str = "finished") -> tuple[str, Any]:
    """A RESIZED server as a request reads it, and its migration."""
    server = book.server(
        vm_state="resized",
        task_state=None,
        host="h",
        system_metadata={"old_vm_state": "active"},
    )
    with db.writer() as session:
        session.add(
            Migration(
                uuid=server,
                instance_uuid=server,
                migration_type="resize",
                status=status,
                dest_compute="h",
                old_flavor={"vcpus": 1, "memory_mb": 1},
                new_flavor={},
                updated_at=now() - datetime.timedelta(minutes=5),
            )
        )
    return server, book.instance(server)


def _status(server: str) -> str | None:
    with db.reader() as session:
        return session.scalar(
            sa.select(Migration.status).where(Migration.uuid == server)
        )


def test_nothing_goes_before_a_delete_for_good(book: Journal) -> None:
    server = book.server(vm_state="active", task_state=None, host="h")
    seen = book.instance(server)
    api._begin_delete(CONTEXT, server)
    with pytest.raises(exception.InstanceInvalidState):
        begin.begin(CONTEXT, seen, transitions.SOFT_DELETE)
    assert book.states(server) == {"delete": "queued"}
    assert book.instance(server)["task_state"] == "deleting"


def test_of_two_soft_deletes_both_are_accepted(book: Journal) -> None:
    server = book.server(vm_state="active", task_state=None, host="h")
    seen = book.instance(server)
    for number in range(2):
        context = RequestContext(request_id=f"req-{number}")
        begin.begin(context, seen, transitions.SOFT_DELETE)
    with db.reader() as session:
        opened = lost_actions.open_actions(session, 10)
    assert [row["operation"] for row in opened] == ["soft_delete"]


def test_the_clock_confirms_before_a_revert(book: Journal) -> None:
    server, seen = _resized(book)
    more = resizes.ending(seen, "reverting")
    ((action, confirmed),) = resize.confirm_overdue(CONTEXT, "h", 60)
    assert confirmed == server
    with pytest.raises(exception.InstanceInvalidState):
        begin.begin(CONTEXT, seen, transitions.REVERT_RESIZE, **more)
    assert _status(server) == "confirming"
    assert book.states(server) == {"confirm_resize": "queued"}
    # Its host's compute died over it: the sweep can send it again.
    with db.reader() as session:
        (row,) = lost_actions.open_actions(session, 10)
    assert row["id"] == action
    kept = RequestContext.from_wire(row["context"])
    assert kept.request_id == CONTEXT.request_id


def test_a_revert_comes_before_the_clock(book: Journal) -> None:
    server, seen = _resized(book)
    begin.begin(
        CONTEXT,
        seen,
        transitions.REVERT_RESIZE,
        **resizes.ending(seen, "reverting"),
    )
    assert resize.confirm_overdue(CONTEXT, "h", 60) == []
    assert _status(server) == "reverting"
    assert book.states(server) == {"revert_resize": "queued"}


@pytest.mark.parametrize(
    ("status", "ends"),
    [("pre-migrating", "active"), ("post-migrating", "error")],
)
def test_no_migration_outlives_a_resize_that_is_given_up(
    book: Journal, status: str, ends: str
) -> None:
    """What may have lost its disk's place is broken, and says so."""
    server, _ = _resized(book, status)
    action = book.action(server, "resize")
    states = {"vm_state": "active", "task_state": "resize_migrating"}
    journal.begin(action, WORKER, server, states)
    with db.reader() as session:
        (row,) = lost_actions.open_actions(session, 10)
    wanted = transitions.RESIZE
    lost_actions.give_up(row, wanted.ended(wanted.on_error), "It died.")
    found = book.instance(server)
    assert (found["vm_state"], found["task_state"]) == (ends, None)
    assert _status(server) == "error"
