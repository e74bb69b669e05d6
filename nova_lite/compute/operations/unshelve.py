# SPDX-License-Identifier: Apache-2.0
"""Unshelve: on the host where a server is yet, or on one that it gets."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from nova_lite.compute import (
    power_state,
    shelved,
    transitions,
    vm_states,
)
from nova_lite.compute.operations import specs
from nova_lite.compute.operations.placed import PlacedOperation
from nova_lite.context import get_admin_context
from nova_lite.virt.driver import GuestSpec


class Unshelve(PlacedOperation):
    """From SHELVED or SHELVED_OFFLOADED to ACTIVE.

    It is ACTIVE before its image goes: what fails then does no harm.
    """

    row = transitions.UNSHELVE
    event = "compute_unshelve_instance"

    def may_move(self) -> bool:
        return self.instance.vm_state in self.row.moves_from

    def acquire(self) -> None:
        if self.instance.vm_state == vm_states.SHELVED_OFFLOADED:
            super().acquire()

    def do(self) -> None:
        if self.instance.vm_state == vm_states.SHELVED_OFFLOADED:
            self.undo.callback(self.driver.destroy, self.instance_uuid)
            self.driver.spawn(self._spec(), self.progress)
        elif self.instance.vm_state == vm_states.SHELVED:
            self.undo.callback(self.driver.power_off, self.instance_uuid)
            self.driver.power_on(specs.guest_spec(self.instance))

    def _spec(self) -> GuestSpec:
        """The server with the image of its disk instead of its own.

        What the first image says of devices holds for this one too.
        Raises: ImageNotFound, ImageError.
        """
        ident = str(shelved.image_id(self.instance.system_metadata))
        image = self.services.images.get(get_admin_context(), ident)
        spec = specs.guest_spec(self.instance)
        return dataclasses.replace(
            spec,
            image=dataclasses.replace(
                spec.image,
                id=ident,
                name=image.name or "",
                disk_format=image.disk_format or "raw",
                container_format=image.container_format or "bare",
                size_bytes=image.size_bytes or 0,
                checksum=image.checksum,
            ),
        )

    def finish(self) -> None:
        self.advance(
            vm_state=vm_states.ACTIVE, power_state=power_state.RUNNING
        )
        self.undo.pop_all()
        self.point("active")
        self._drop_image()
        super().finish()

    def _drop_image(self) -> None:
        """One that cannot be deleted stays known, and goes with the server."""
        marks: dict[str, Any] = self.instance.system_metadata
        ident = shelved.image_id(marks)
        self._marks = shelved.without_marks(marks)
        if ident is not None and not shelved.remove_image(
            self.services.images, ident
        ):
            self._marks[shelved.IMAGE_ID] = ident

    def final_states(self) -> dict[str, Any]:
        return {
            "power_state": power_state.RUNNING,
            "launched_at": datetime.datetime.now(datetime.UTC),
            "system_metadata": self._marks,
        }

    def send_back(self) -> None:
        self.services.conductor.unshelve_instance(self.context, self.action_id)

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        if self.may_move():
            return {"host": None, "node": None}
        return {}
