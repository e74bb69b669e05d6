# SPDX-License-Identifier: Apache-2.0
"""Unshelve: on the host where a server is yet, or on one that it gets."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from nova_lite.compute import (
    info_cache,
    ports,
    power_state,
    shelved,
    transitions,
    vm_states,
)
from nova_lite.compute.operations import specs
from nova_lite.compute.operations.placed import PlacedOperation
from nova_lite.compute.plugging import Plugs
from nova_lite.context import get_admin_context
from nova_lite.network import model
from nova_lite.network.model import VIF
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import GuestSpec


class Unshelve(PlacedOperation):
    """From SHELVED or SHELVED_OFFLOADED to ACTIVE.

    It is ACTIVE before its image goes: what fails then does no harm.
    """

    row = transitions.UNSHELVE
    event = "compute_unshelve_instance"
    # As the network service has them when the guest runs.
    _vifs: Sequence[VIF] = ()

    def may_move(self) -> bool:
        return self.instance.vm_state in self.row.moves_from

    def acquire(self) -> None:
        if self.instance.vm_state == vm_states.SHELVED_OFFLOADED:
            super().acquire()

    def do(self) -> None:
        if self.instance.vm_state == vm_states.SHELVED_OFFLOADED:
            with self.plugs() as plugs:
                self._bind(plugs)
                spec = self._spec()
                self.undo.callback(
                    self.driver.destroy, self.instance_uuid, vifs=spec.vifs
                )
                self.driver.spawn(spec, self.progress)
                self._vifs = self.placed(plugs.now)
        elif self.instance.vm_state == vm_states.SHELVED:
            self.undo.callback(self.driver.power_off, self.instance_uuid)
            self.driver.power_on(specs.guest_spec(self.instance))

    def _bind(self, plugs: Plugs) -> None:
        """Its ports, which it has kept, to this host."""
        if not self.instance.network_info:
            return
        context, network = get_admin_context(), self.services.network
        owner = info_cache.owner_of(self.instance)
        self.makes_ports()
        self.undo.callback(self._unbind)
        ports.patiently(
            lambda: network.bind(context, owner, self.host),
            self.checkpoint,
        )
        self.point("bound")
        vifs = info_cache.merged(
            model.load(self.instance.network_info),
            network.info(context, owner),
        )
        plugs.of(vifs)
        self.instance.network_info = model.dump(vifs)

    def _unbind(self) -> None:
        """Take the ports off this host, unless another has the server now."""
        now = Instance.get_by_uuid(self.context, self.instance_uuid)
        if now.host == self.host:
            self.services.network.bind(
                get_admin_context(), info_cache.owner_of(now), None
            )

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
        states: dict[str, Any] = {"power_state": power_state.RUNNING}
        if self._vifs:
            states["network_info"] = model.dump(self._vifs)
        self.advance(vm_state=vm_states.ACTIVE, **states)
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
