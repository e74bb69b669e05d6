# SPDX-License-Identifier: Apache-2.0
"""Build: the first host of new servers. Runs in nova-lite-conductor."""

from __future__ import annotations

from typing import Any

from nova_lite.compute import transitions
from nova_lite.conductor.tasks.placing import PlaceInstances


class BuildInstances(PlaceInstances):
    """Queued builds to running ones."""

    row = transitions.BUILD
    event = "conductor_schedule_instances"

    def states_without_host(self) -> dict[str, Any]:
        return self.row.ended(self.row.on_error)
