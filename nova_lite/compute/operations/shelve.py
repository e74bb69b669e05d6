# SPDX-License-Identifier: Apache-2.0
"""Shelve, and taking a shelved server off its host."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import (
    info_cache,
    ports,
    power_state,
    shelved,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.compute.operations import snapshot, specs
from nova_lite.context import get_admin_context
from nova_lite.network import model
from nova_lite.operation import Operation

CONF = cfg.CONF
LOG = logging.getLogger(__name__)

# Nothing of it is on a host any more.
_OFFLOADED: dict[str, Any] = {
    "vm_state": vm_states.SHELVED_OFFLOADED,
    "power_state": power_state.NOSTATE,
    "host": None,
    "node": None,
}


class Shelve(Operation):
    """From ACTIVE, STOPPED, PAUSED or SUSPENDED to an image.

    With [DEFAULT] shelved_offload_time = 0 it leaves its host at once.
    """

    row = transitions.SHELVE
    event = "compute_shelve_instance"
    # Whether the guest may be off by now.
    _touched = False

    @property
    def image_id(self) -> str:
        """The image that the API has made for it."""
        return str(shelved.image_id(self.instance.system_metadata))

    @property
    def _is_shelved(self) -> bool:
        return bool(self.instance.vm_state == vm_states.SHELVED)

    @property
    def _offloads(self) -> bool:
        return bool(CONF.shelved_offload_time == 0)

    def check(self) -> None:
        """Before anything is done to the guest: whether there is an image.

        Raises: ImageNotFound.
        """
        if not self._is_shelved:
            self.services.images.get(get_admin_context(), self.image_id)

    def do(self) -> None:
        if not self._is_shelved:
            self._drop_former_image()
            self._touched = True
            _power_off(self)
            self.advance(power_state=power_state.SHUTDOWN)
            self.point("stopped")
            snapshot.take_snapshot(self, self.image_id, snapshot.SHELVING)
            self.point("stored")
        if self._offloads:
            self._offload()

    def _offload(self) -> None:
        """From here on it is SHELVED, whatever fails."""
        self.advance(
            task_state=task_states.SHELVING_OFFLOADING, **self._shelved()
        )
        _leave_host(self)

    def _shelved(self) -> dict[str, Any]:
        marks = self.instance.system_metadata
        return {
            "vm_state": vm_states.SHELVED,
            "system_metadata": {**marks, **shelved.marks(self.host)},
        }

    def _drop_former_image(self) -> None:
        """One that an earlier shelve, which came to nothing, has left."""
        former = self.action.arguments.get("former_image_id")
        if former:
            shelved.remove_image(self.services.images, former)

    def final_states(self) -> dict[str, Any]:
        if self._offloads:
            return _OFFLOADED
        return self._shelved()

    def finish(self) -> None:
        super().finish()
        if self._offloads:
            _forget(self)

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        """SHELVED stays so, with its image; else there is none."""
        if self._is_shelved:
            return {"vm_state": vm_states.SHELVED}
        marks = self.instance.system_metadata
        if shelved.remove_image(self.services.images, self.image_id):
            marks = shelved.without_marks(marks)
        states: dict[str, Any] = {"system_metadata": marks}
        if isinstance(error, exception.ImageNotFound) and not self._touched:
            # The API died before it had made the image: nothing was done.
            states["vm_state"] = self.instance.vm_state
        return states


class ShelveOffload(Operation):
    """From SHELVED to SHELVED_OFFLOADED."""

    row = transitions.SHELVE_OFFLOAD
    event = "compute_shelve_offload_instance"

    def do(self) -> None:
        _leave_host(self)

    def final_states(self) -> dict[str, Any]:
        return _OFFLOADED

    def finish(self) -> None:
        super().finish()
        _forget(self)


def _leave_host(operation: Operation) -> None:
    """Remove the guest; its ports are kept, and bound to no host."""
    uuid, info = operation.instance_uuid, operation.instance.network_info
    operation.driver.destroy(uuid, vifs=model.load(info))
    if info:
        network = operation.services.network
        owner = info_cache.owner_of(operation.instance)
        ports.patiently(
            lambda: network.bind(get_admin_context(), owner, None),
            operation.checkpoint,
        )


def _forget(operation: Operation) -> None:
    operation.services.tracker.drop(operation.instance_uuid)
    operation.services.info_cache.forget(operation.instance_uuid)


def _power_off(operation: Operation) -> None:
    """Let the guest shut itself down, so that its disk is whole."""
    try:
        operation.driver.power_off(
            operation.instance_uuid,
            specs.shutdown_timeout_s(
                operation.instance, CONF.shutdown_timeout
            ),
            operation.checkpoint,
        )
    except exception.GuestNotFound:
        LOG.info("%s has no guest: it is off", operation.instance_uuid)
