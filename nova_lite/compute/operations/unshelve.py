# SPDX-License-Identifier: Apache-2.0
"""Unshelve: on the host where a server is yet, or on one that it gets."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from nova_lite.compute import (
    power_state,
    shelved,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.compute.operations import specs
from nova_lite.compute.operations.placed import PlacedOperation
from nova_lite.context import get_admin_context
from nova_lite.operation import Operation
from nova_lite.virt.driver import GuestSpec


class Unshelve(PlacedOperation):
    """From SHELVED_OFFLOADED to ACTIVE on a new host."""

    row = transitions.UNSHELVE
    event = "compute_unshelve_instance"

    @property
    def _runs(self) -> bool:
        """An earlier attempt has come so far that the image may be gone."""
        return bool(self.instance.vm_state == vm_states.ACTIVE)

    def may_move(self) -> bool:
        return not self._runs

    def do(self) -> None:
        if not self._runs:
            self.undo.callback(self.driver.destroy, self.instance_uuid)
            self.driver.spawn(self._spec(), self.progress)
            self.point("spawned")
            self.advance(
                vm_state=vm_states.ACTIVE, power_state=power_state.RUNNING
            )
        # From here on it is a server like any other, whatever fails.
        self.undo.pop_all()
        self.point("active")
        self._marks = _drop_image(self)

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

    def final_states(self) -> dict[str, Any]:
        return {
            "power_state": power_state.RUNNING,
            "launched_at": datetime.datetime.now(datetime.UTC),
            "system_metadata": self._marks,
        }

    def send_back(self) -> None:
        self.services.conductor.unshelve_instance(self.context, self.action_id)

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        if self._runs:
            return {}
        return {"host": None, "node": None}


class UnshelveOnHost(Operation):
    """From SHELVED to ACTIVE, where its disk is."""

    row = transitions.UNSHELVE_ON_HOST
    event = "compute_start_instance"
    first_states = {"task_state": task_states.POWERING_ON}

    def do(self) -> None:
        if self.instance.vm_state != vm_states.ACTIVE:
            self.driver.power_on(specs.guest_spec(self.instance))
            self.point("started")
            self.advance(
                vm_state=vm_states.ACTIVE, power_state=power_state.RUNNING
            )
        self._marks = _drop_image(self)

    def final_states(self) -> dict[str, Any]:
        return {
            "power_state": power_state.RUNNING,
            "system_metadata": self._marks,
        }


def _drop_image(operation: Operation) -> dict[str, Any]:
    """Delete the shelved image; the server's system_metadata then.

    One that cannot be deleted stays known, and goes with the server.
    """
    marks: dict[str, Any] = operation.instance.system_metadata
    ident = shelved.image_id(marks)
    cleaned = shelved.without_marks(marks)
    if ident is None or shelved.remove_image(operation.services.images, ident):
        return cleaned
    return {**cleaned, shelved.IMAGE_ID: ident}
