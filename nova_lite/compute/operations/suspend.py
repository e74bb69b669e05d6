# SPDX-License-Identifier: Apache-2.0
"""Suspend and resume: the guest's memory goes to disk and comes back."""

from __future__ import annotations

from typing import Any

from nova_lite.compute import power_state, transitions
from nova_lite.operation import Operation


class Suspend(Operation):
    """From ACTIVE to SUSPENDED."""

    row = transitions.SUSPEND
    event = "compute_suspend_instance"

    def do(self) -> None:
        self.driver.suspend(self.instance_uuid)

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.SHUTDOWN}


class Resume(Operation):
    """From SUSPENDED back to ACTIVE."""

    row = transitions.RESUME
    event = "compute_resume_instance"

    def do(self) -> None:
        self.driver.resume(self.instance_uuid)

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.RUNNING}
