# SPDX-License-Identifier: Apache-2.0
"""Build: claim the host's resources, spawn the guest, see it run."""

from __future__ import annotations

import datetime
from typing import Any

from nova_lite import hooks
from nova_lite.compute import (
    power_state,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.compute.operations import specs
from nova_lite.compute.operations.placed import PlacedOperation


class Build(PlacedOperation):
    """From scheduled to ACTIVE."""

    row = transitions.BUILD
    event = "compute__do_build_and_run_instance"
    first_states = {"task_state": task_states.SPAWNING}

    @hooks.add_hook("build_instance")
    def do(self) -> None:
        self.checkpoint()
        self.undo.callback(self.driver.destroy, self.instance_uuid)
        self.driver.spawn(specs.guest_spec(self.instance), self.progress)

    def final_states(self) -> dict[str, Any]:
        return {
            "power_state": power_state.RUNNING,
            "progress": 100,
            "launched_at": datetime.datetime.now(datetime.UTC),
        }

    def send_back(self) -> None:
        self.services.conductor.build_instances(self.context, [self.action_id])

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        return {
            "host": None,
            "node": None,
            "power_state": power_state.NOSTATE,
            "vm_state": vm_states.ERROR,
        }
