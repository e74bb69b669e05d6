# SPDX-License-Identifier: Apache-2.0
"""Delete: goes before whatever runs, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

from nova_lite.compute import transitions
from nova_lite.compute.locks import Lock
from nova_lite.compute.resource_tracker import ResourceTracker
from nova_lite.operation import Operation
from nova_lite.virt.driver import ComputeDriver


class Delete(Operation):
    """From any state to gone."""

    row = transitions.DELETE
    event = "compute_terminate_instance"

    def __init__(
        self, *args: Any, driver: ComputeDriver, tracker: ResourceTracker
    ) -> None:
        super().__init__(*args)
        self._driver = driver
        self._tracker = tracker

    def before_lock(self, lock: Lock) -> None:
        """Tell whoever holds the lock to stop at the next checkpoint."""
        lock.preempted = True

    def checkpoint(self) -> None:
        """Nothing preempts a delete."""

    def do(self) -> None:
        self._driver.destroy(self.instance_uuid)

    def finish(self) -> None:
        self.action.deleted(self._event("Success"))
        self._tracker.drop(self.instance_uuid)
