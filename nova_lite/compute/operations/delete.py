# SPDX-License-Identifier: Apache-2.0
"""Delete: goes before whatever runs, and leaves nothing behind."""

from __future__ import annotations

from nova_lite.compute import shelved, transitions
from nova_lite.operation import Operation


class Delete(Operation):
    """From any state to gone."""

    row = transitions.DELETE
    event = "compute_terminate_instance"

    def checkpoint(self) -> None:
        """Nothing preempts a delete."""

    def do(self) -> None:
        self.driver.destroy(self.instance_uuid)
        image_id = shelved.image_id(self.instance.system_metadata)
        if image_id is not None:
            shelved.remove_image(self.services.images, image_id)

    def finish(self) -> None:
        self.action.deleted(self._event("Success"))
        self.services.tracker.drop(self.instance_uuid)
