# SPDX-License-Identifier: Apache-2.0
"""Delete: goes before whatever runs, and leaves nothing behind."""

from __future__ import annotations

from nova_lite.compute import transitions
from nova_lite.operation import Operation


class Delete(Operation):
    """From any state to gone."""

    row = transitions.DELETE
    event = "compute_terminate_instance"

    def checkpoint(self) -> None:
        """Nothing preempts a delete."""

    def do(self) -> None:
        self.driver.destroy(self.instance_uuid)

    def finish(self) -> None:
        self.action.deleted(self._event("Success"))
        self.services.tracker.drop(self.instance_uuid)
