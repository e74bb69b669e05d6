# SPDX-License-Identifier: Apache-2.0
"""Trigger crash dump: an NMI, at which the guest's kernel dumps itself."""

from __future__ import annotations

from nova_lite.compute import transitions
from nova_lite.operation import Operation


class TriggerCrashDump(Operation):
    """Changes no state: what follows is the guest's own affair."""

    row = transitions.TRIGGER_CRASH_DUMP
    event = "compute_trigger_crash_dump"

    def do(self) -> None:
        self.driver.trigger_crash_dump(self.instance_uuid)
