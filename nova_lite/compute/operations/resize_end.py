# SPDX-License-Identifier: Apache-2.0
"""The two ends of a resize: confirmed or reverted."""

from __future__ import annotations

import datetime
from typing import Any

from nova_lite import exception
from nova_lite.compute import power_state, transitions, vm_states
from nova_lite.compute.operations.resize import Moving, flavor_columns


class _End(Moving):
    """What the two share: which state the server goes back to."""

    @property
    def old_vm_state(self) -> str:
        """ACTIVE or STOPPED, as the server was before its resize."""
        return str(self.action.arguments["old_vm_state"])

    def failed(self, error: Exception) -> None:
        """The server holds both, and says that it is broken."""
        self.migration.update({"status": "error"})
        super().failed(error)


class ConfirmResize(_End):
    """From RESIZED to ACTIVE or STOPPED, and the disks from before go."""

    row = transitions.CONFIRM_RESIZE
    event = "compute_confirm_resize"

    def do(self) -> None:
        self.driver.drop_kept_disks(self.instance_uuid)
        self.point("dropped")
        self.migration.let_go()
        self.point("confirmed")

    def final_states(self) -> dict[str, Any]:
        try:
            state = self.driver.get_info(self.instance_uuid).state
        except exception.GuestNotFound:
            return {"vm_state": self.old_vm_state}
        runs = state in (power_state.RUNNING, power_state.PAUSED)
        return {
            "vm_state": vm_states.ACTIVE if runs else vm_states.STOPPED,
            "power_state": state,
        }


class RevertResize(_End):
    """From RESIZED back to the flavor and the disks from before."""

    row = transitions.REVERT_RESIZE
    event = "compute_revert_resize"

    def do(self) -> None:
        old, name = self.migration.old_flavor, self.migration.uuid
        if self.driver.has_kept_disks(self.instance_uuid, name):
            self.power_off()
            self.point("off")
            self.driver.restore_disks(self.instance_uuid, name)
        self.point("restored")
        self.advance(**flavor_columns(old))
        self.count()
        self.power_on_if(self.old_vm_state)
        self.point("started")
        self.migration.give_back("reverted")
        self.point("reverted")

    def final_states(self) -> dict[str, Any]:
        runs = self.old_vm_state == vm_states.ACTIVE
        return {
            "vm_state": self.old_vm_state,
            "power_state": (
                power_state.RUNNING if runs else power_state.SHUTDOWN
            ),
            "launched_at": datetime.datetime.now(datetime.UTC),
        }
