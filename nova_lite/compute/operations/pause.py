# SPDX-License-Identifier: Apache-2.0
"""Pause and unpause: the guest's processors stop, its memory stays."""

from __future__ import annotations

from typing import Any

from nova_lite.compute import power_state, transitions
from nova_lite.operation import Operation


class Pause(Operation):
    """From ACTIVE to PAUSED."""

    row = transitions.PAUSE
    event = "compute_pause_instance"

    def do(self) -> None:
        self.driver.pause(self.instance_uuid)

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.PAUSED}


class Unpause(Operation):
    """From PAUSED back to ACTIVE."""

    row = transitions.UNPAUSE
    event = "compute_unpause_instance"

    def do(self) -> None:
        self.driver.unpause(self.instance_uuid)

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.RUNNING}
