# SPDX-License-Identifier: Apache-2.0
"""Builds for which the scheduler finds no host."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.compute import api
from nova_lite.conductor.tasks.build import BuildInstances
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.models.provider import Allocation, ResourceProvider
from nova_lite.db.repositories import provider
from nova_lite.objects.request_spec import (
    Destination,
    RequestSpec,
    Selection,
)
from tests.unit.conductor.conftest import OTHER, WORKER, Journal

_SILENT = {
    "host": "h1",
    "node": "h1",
    "filter": "ComputeFilter",
    "reason": "down: no heartbeat since then",
}
_FULL = {
    "host": "h2",
    "node": "h2",
    "filter": "resources",
    "reason": "needs 4 VCPU, 1 free of 8",
}


class NoHost:
    """A scheduler that turns every host away, for these reasons."""

    def __init__(self, *reasons: dict[str, str]) -> None:
        self._reasons = list(reasons)

    def select_destinations(
        self, _context: object, spec: RequestSpec
    ) -> list[Destination]:
        return [
            Destination(
                instance_uuid=uuid,
                selection=None,
                alternates=[],
                reasons=self._reasons,
            )
            for uuid in spec.instance_uuids
        ]


class Meanwhile:
    """A scheduler that claims a host; then something happens."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self._happens = happens

    def select_destinations(
        self, _context: object, spec: RequestSpec
    ) -> list[Destination]:
        node = str(uuid.uuid4())
        with db.writer() as session:
            host = ResourceProvider(uuid=node, name="h1")
            session.add(host)
            session.flush()
            session.add_all(
                Allocation(
                    consumer_uuid=one,
                    provider_id=host.id,
                    resource_class="VCPU",
                    used=1,
                )
                for one in spec.instance_uuids
            )
        self._happens()
        return [
            Destination(
                instance_uuid=one,
                selection=Selection(
                    host="h1",
                    node="h1",
                    compute_node_uuid=node,
                    availability_zone=None,
                    resources={"VCPU": 1},
                    limits={},
                ),
                alternates=[],
                reasons=[],
            )
            for one in spec.instance_uuids
        ]


def _execute(action: int, scheduler: Any, silence_counts: bool) -> None:
    no_compute: Any = None
    BuildInstances(
        WORKER, "c1", scheduler, no_compute, lambda: silence_counts
    ).execute([action])


@pytest.mark.parametrize(
    ("reasons", "silence_counts", "build", "vm_state"),
    [
        ([_SILENT], False, "queued", "building"),
        ([_FULL, _SILENT], False, "queued", "building"),
        ([_SILENT], True, "error", "error"),
        ([_FULL], False, "error", "error"),
    ],
)
def test_hosts_that_an_outage_silenced_are_waited_for(
    book: Journal,
    reasons: list[dict[str, str]],
    silence_counts: bool,
    build: str,
    vm_state: str,
) -> None:
    server, action = book.build()
    _execute(action, NoHost(*reasons), silence_counts)
    assert book.states(server) == {"build": build}
    assert book.instance(server)["vm_state"] == vm_state


def test_a_delete_meanwhile_frees_what_was_claimed(book: Journal) -> None:
    server, action = book.build()
    delete = Meanwhile(lambda: _delete(server))
    _execute(action, delete, True)
    assert book.states(server)["build"] == "error"
    assert provider.allocations([server]) == {}


def test_what_another_conductor_has_now_stays_claimed(book: Journal) -> None:
    """This one was taken for dead; the other one's host needs the claim."""
    server, action = book.build()

    def take() -> None:
        with db.writer() as session:
            session.execute(
                sa.update(InstanceAction)
                .where(InstanceAction.id == action)
                .values(worker=OTHER)
            )

    _execute(action, Meanwhile(take), True)
    assert book.states(server) == {"build": "running"}
    assert provider.allocations([server])


def _delete(server: str) -> None:
    api._begin_delete(RequestContext(project_id="p", user_id="u"), server)
