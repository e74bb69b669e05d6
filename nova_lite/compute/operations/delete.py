# SPDX-License-Identifier: Apache-2.0
"""Delete: goes before whatever runs, and leaves nothing behind."""

from __future__ import annotations

from nova_lite.compute import ports, shelved, transitions
from nova_lite.network import model
from nova_lite.operation import Operation


class Delete(Operation):
    """From any state to gone."""

    row = transitions.DELETE
    event = "compute_terminate_instance"

    def checkpoint(self) -> None:
        """Nothing preempts a delete."""

    def do(self) -> None:
        info = self.instance.network_info
        self.driver.destroy(self.instance_uuid, vifs=model.load(info))
        # Asked for without networks it never had any.
        if info != []:
            self.point("destroyed")
            ports.release(self.services.network, self.instance_uuid)
        image_id = shelved.image_id(self.instance.system_metadata)
        if image_id is not None:
            shelved.remove_image(self.services.images, image_id)

    def finish(self) -> None:
        self.action.deleted(self._event("Success"))
        self.services.tracker.drop(self.instance_uuid)
        self.services.info_cache.forget(self.instance_uuid)
