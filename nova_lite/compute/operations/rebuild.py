# SPDX-License-Identifier: Apache-2.0
"""Rebuild: a new root disk from an image, in the same place.

The server keeps its uuid, host, flavor and addresses. What the request
changes of its row was written when it was accepted.
"""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.compute import (
    power_state,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.compute.operations import specs
from nova_lite.operation import Operation
from nova_lite.virt.driver import GuestSpec

CONF = cfg.CONF


class Rebuild(Operation):
    """From ACTIVE, STOPPED or ERROR; one that was off is off again."""

    row = transitions.REBUILD
    event = "compute_rebuild_instance"

    def check(self) -> None:
        """Raises: PreserveEphemeralNotSupported."""
        if self.action.arguments.get("preserve_ephemeral"):
            raise exception.PreserveEphemeralNotSupported()

    def do(self) -> None:
        spec = specs.guest_spec(self.instance)
        if self.instance.task_state != task_states.REBUILD_SPAWNING:
            self._end_old_guest(spec)
            self.advance(task_state=task_states.REBUILD_SPAWNING)
        # From here on whatever guest there is, is the new one or a part.
        self.point("spawning")
        self.undo.callback(
            self.driver.destroy, self.instance_uuid, vifs=spec.vifs
        )
        self.driver.spawn(spec, self.progress)
        self.undo.pop_all()
        self.point("spawned")
        if self._was_off:
            self.driver.power_off(self.instance_uuid)

    def _end_old_guest(self, spec: GuestSpec) -> None:
        """Remove it, once the image that it gives way to is here."""
        self.driver.cache_image(spec.image, self.progress)
        self.point("fetched")
        # There is none when an earlier attempt came this far.
        with contextlib.suppress(exception.GuestNotFound):
            self.driver.power_off(
                self.instance_uuid,
                specs.shutdown_timeout_s(self.instance, CONF.shutdown_timeout),
                self.checkpoint,
            )
        self.point("stopped")
        self.driver.destroy(self.instance_uuid, vifs=spec.vifs)
        self.point("destroyed")

    @property
    def _was_off(self) -> bool:
        return bool(self.action.arguments.get("stopped"))

    def final_states(self) -> dict[str, Any]:
        return {
            "vm_state": vm_states.STOPPED
            if self._was_off
            else vm_states.ACTIVE,
            "power_state": power_state.SHUTDOWN
            if self._was_off
            else power_state.RUNNING,
            "progress": 100,
            "launched_at": datetime.datetime.now(datetime.UTC),
        }
