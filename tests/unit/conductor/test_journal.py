# SPDX-License-Identifier: Apache-2.0
"""The journal's promises, statement by statement, on three databases."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite import exception
from nova_lite.compute import transitions
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.service import Incarnation, Service
from nova_lite.db.repositories import (
    deletion,
    instance,
    journal,
    lost_actions,
    service,
)
from tests.unit.conductor.conftest import OTHER, WORKER, Journal

EVENT = {"event": "test", "start_time": now(), "result": "Success"}
FAULT = {"code": 500, "message": "It broke."}
HOST = {"host": "h1", "binary": "nova-lite-compute", "topic": "compute"}


def process(uuid: str, pid: int = 1) -> dict[str, Any]:
    return {"uuid": uuid, "pid": pid, "pid_started": 1, "boot_id": "b"}


def begin_delete(server: str) -> Any:
    from nova_lite.compute import api

    return api._begin_delete(RequestContext(project_id="p"), server)


def test_one_worker_gets_an_action(book: Journal) -> None:
    server, action = book.build()
    taken = journal.claim([action], WORKER)
    assert [(row["id"], one["uuid"]) for row, one in taken] == [
        (action, server)
    ]
    assert journal.claim([action], OTHER) == []


def test_lost_answer_to_a_claim_can_be_asked_again(book: Journal) -> None:
    _, action = book.build()
    journal.claim([action], WORKER)
    assert journal.claim([action], WORKER)[0][0]["attempt"] == 2


def test_a_claim_writes_the_states_of_the_first_step(book: Journal) -> None:
    server, action = book.build()
    states = {"task_state": "spawning"}
    ((row, one),) = journal.begin(action, WORKER, server, states)
    assert (row["worker"], one["task_state"]) == (WORKER, "spawning")
    assert journal.begin(action, OTHER, server, {"task_state": "x"}) == []
    assert book.instance(server)["task_state"] == "spawning"


def test_a_claim_says_that_interfaces_are_to_come(book: Journal) -> None:
    states = ({"task_state": "spawning"}, {"task_state": "networking"})
    server, action = book.build()
    ((_, one),) = journal.begin(action, WORKER, server, *states)
    assert one["task_state"] == "networking"
    assert instance.set_network_info(server, one["host"], [])
    ((_, one),) = journal.begin(action, WORKER, server, *states)
    assert one["task_state"] == "spawning"
    assert not instance.set_network_info(server, "elsewhere", [])


def test_a_claim_leaves_a_delete_alone(book: Journal) -> None:
    server, action = book.build(host="h1")
    begin_delete(server)
    states = {"task_state": "spawning"}
    ((_, one),) = journal.begin(action, WORKER, server, states)
    assert one["task_state"] == "deleting"
    assert book.instance(server)["task_state"] == "deleting"


def test_finish_writes_states_and_end_together(book: Journal) -> None:
    server, action = book.build(host="h1")
    journal.claim([action], WORKER)
    updates = {"vm_state": "active", "task_state": None}
    assert journal.finish(action, WORKER, server, updates, EVENT)
    assert book.instance(server)["vm_state"] == "active"
    assert book.states(server) == {"build": "done"}
    # The answer was lost, and the worker says it again.
    assert journal.finish(action, WORKER, server, updates, EVENT)


def test_worker_taken_for_dead_changes_nothing(book: Journal) -> None:
    server, action = book.build()
    journal.claim([action], WORKER)
    service.bury([WORKER])
    assert journal.claim([action], OTHER)
    updates = {"vm_state": "active", "task_state": None}
    assert not journal.finish(action, WORKER, server, updates, EVENT)
    assert book.instance(server)["vm_state"] == "building"
    assert book.states(server) == {"build": "running"}


def test_failure_leaves_a_fault(book: Journal) -> None:
    server, action = book.build()
    journal.claim([action], WORKER)
    updates = {"vm_state": "error", "task_state": None, "host": None}
    assert journal.fail(action, WORKER, server, updates, EVENT, FAULT)
    assert book.instance(server)["vm_state"] == "error"
    assert book.states(server) == {"build": "error"}


def test_delete_goes_before_a_running_build(book: Journal) -> None:
    server, action = book.build(host="h1")
    journal.claim([action], WORKER)
    host, delete = begin_delete(server)
    assert host == "h1"
    assert not journal.finish(
        action, WORKER, server, {"vm_state": "active"}, EVENT
    )
    assert journal.preempted(action, WORKER, EVENT)
    journal.claim([delete], WORKER)
    assert deletion.deleted(delete, WORKER, server, EVENT)
    assert book.instance(server)["deleted"]
    assert book.states(server) == {"build": "error", "delete": "done"}


def test_delete_before_anybody_began_needs_no_worker(book: Journal) -> None:
    server, action = book.build()
    assert begin_delete(server) == (None, None)
    assert book.instance(server)["deleted"]
    assert book.states(server) == {"build": "error", "delete": "done"}
    assert journal.claim([action], WORKER) == []


def test_delete_while_conductor_schedules_waits_its_turn(
    book: Journal,
) -> None:
    server, action = book.build()
    journal.claim([action], WORKER)
    host, delete = begin_delete(server)
    assert (host, book.states(server)["delete"]) == (None, "queued")
    place = {
        "id": action,
        "uuid": server,
        "host": "h1",
        "node": "h1",
        "availability_zone": "nova",
        "arguments": {},
        "event": EVENT,
    }
    assert journal.hand_over(WORKER, [place]) == []
    journal.preempted(action, WORKER, EVENT)
    with db.reader() as session:
        waiting = deletion.queued_for_conductor(session, "delete", [server])
    assert [row["id"] for row in waiting] == [delete]


def test_second_delete_is_no_second_action(book: Journal) -> None:
    server, action = book.build(host="h1")
    journal.claim([action], WORKER)
    assert begin_delete(server) is not None
    assert begin_delete(server) is None


def test_delete_of_what_is_gone_is_not_found(book: Journal) -> None:
    server, _ = book.build()
    begin_delete(server)
    with pytest.raises(exception.InstanceNotFound):
        begin_delete(server)


def test_failed_delete_ends_in_error_and_can_be_asked_again(
    book: Journal,
) -> None:
    server = book.server(vm_state="active", task_state=None, host="h1")
    _, delete = begin_delete(server)
    journal.claim([delete], WORKER)
    updates = {"vm_state": "error", "task_state": None}
    assert journal.fail(
        delete, WORKER, server, updates, EVENT, FAULT, deleting=True
    )
    assert book.instance(server)["vm_state"] == "error"
    assert begin_delete(server) is not None


def test_reschedule_gives_the_build_back(book: Journal) -> None:
    server, action = book.build(host="h1")
    journal.claim([action], WORKER)
    tried = {"tried": [{"host": "h1", "reason": "full"}]}
    assert journal.reschedule(action, WORKER, server, tried, EVENT, "h1")
    assert book.instance(server)["host"] is None
    [(row, _)] = journal.claim([action], OTHER)
    assert (row["arguments"], row["target_host"]) == (tried, None)


def test_dead_process_gives_back_what_it_ran(book: Journal) -> None:
    _, action = book.build()
    identity = {**HOST, "version": 1, "availability_zone": "nova"}
    assert service.start(identity, process(WORKER)) == []
    journal.claim([action], WORKER)
    [other] = service.start(identity, process(OTHER, pid=2))
    assert other == process(WORKER)
    service.bury([WORKER])
    assert journal.claim([action], OTHER)


def test_heartbeat_gives_back_what_its_process_does_not_know(
    book: Journal,
) -> None:
    identity = {**HOST, "version": 1, "availability_zone": "nova"}
    service.start(identity, process(WORKER))
    _, known = book.build()
    _, unknown = book.build()
    journal.claim([known, unknown], WORKER)
    age(known, unknown)
    assert service.report(WORKER, [known])
    assert journal.claim([known], OTHER) == []
    assert journal.claim([unknown], OTHER)


def test_heartbeat_is_noted_of_process_and_service(book: Journal) -> None:
    identity = {**HOST, "version": 1, "availability_zone": "nova"}
    service.start(identity, process(WORKER))
    service.start({**identity, "host": "h2"}, process(OTHER))
    assert service.report(WORKER, [])
    assert service.report(WORKER, [1])
    with db.reader() as session:
        seen, count, beaten_at, changed_at = session.execute(
            sa.select(
                Service.last_seen_at,
                Service.report_count,
                Incarnation.last_seen_at,
                Service.updated_at,
            )
            .join(Incarnation, Incarnation.service_id == Service.id)
            .where(Incarnation.uuid == WORKER)
        ).one()
        others = session.scalar(
            sa.select(Service.report_count).where(Service.host == "h2")
        )
    assert (count, others) == (2, 0)
    assert seen == beaten_at == changed_at


def test_heartbeat_of_a_buried_process_says_so(book: Journal) -> None:
    assert not service.report(WORKER, [])


def test_of_two_sweeps_one_takes_a_row_over(book: Journal) -> None:
    book.build()
    with db.reader() as session:
        [row] = lost_actions.open_actions(session, 10)
    assert lost_actions.take_over(row, "h1")
    assert not lost_actions.take_over(row, "h1")


def test_action_that_kills_its_workers_ends_in_error(book: Journal) -> None:
    server, action = book.build()
    journal.claim([action], WORKER)
    with db.reader() as session:
        [row] = lost_actions.open_actions(session, 10)
    lost_actions.give_up(row, FAILED, "It was begun 5 times.")
    assert book.instance(server)["vm_state"] == "error"
    assert book.states(server) == {"build": "error"}


FAILED = transitions.BUILD.ended(transitions.BUILD.on_error)


def age(*actions: int) -> None:
    """Make claims look old."""
    import sqlalchemy as sa

    from nova_lite.db.models.instance_action import InstanceAction

    with db.writer() as session:
        session.execute(
            sa.update(InstanceAction)
            .where(InstanceAction.id.in_(actions))
            .values(claimed_at=now() - datetime.timedelta(minutes=1))
        )


def test_build_that_is_given_up_leaves_a_delete_alone(book: Journal) -> None:
    server, action = book.build(host="h1")
    journal.claim([action], WORKER)
    begin_delete(server)
    with db.reader() as session:
        rows = lost_actions.open_actions(session, 10)
    [row] = [one for one in rows if one["operation"] == "build"]
    lost_actions.give_up(row, FAILED, "It was begun 5 times.")
    assert book.instance(server)["task_state"] == "deleting"
    assert book.states(server) == {"build": "error", "delete": "queued"}
