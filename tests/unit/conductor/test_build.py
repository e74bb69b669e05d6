# SPDX-License-Identifier: Apache-2.0
"""Builds for which the scheduler finds no host."""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite.conductor.tasks.build import BuildInstances
from nova_lite.objects.request_spec import Destination, RequestSpec
from tests.unit.conductor.conftest import WORKER, Journal

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
