# SPDX-License-Identifier: Apache-2.0
"""Attach and detach an interface, on a guest that runs or is off."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

from nova_lite import exception
from nova_lite.compute import info_cache, ports, transitions
from nova_lite.compute.operations import specs
from nova_lite.context import get_admin_context
from nova_lite.network import model
from nova_lite.network.api import NetworkRequest
from nova_lite.network.model import VIF
from nova_lite.objects.instance import Instance
from nova_lite.operation import Operation


class _OfInterfaces(Operation):
    """Changes which interfaces a server has, and none of its states.

    So it excludes no other operation but by the server's lock: what was read
    before is read again under it.
    """

    info: list[VIF]

    def check(self) -> None:
        """Raises: InstanceInvalidState, InstanceNotFound."""
        self.instance = Instance.get_by_uuid(self.context, self.instance_uuid)
        if not transitions.allows(
            self.row, self.instance.vm_state, self.instance.task_state
        ):
            raise exception.InstanceInvalidState(
                method=self.row.action,
                instance_uuid=self.instance_uuid,
                attr="vm_state",
                state=self.instance.vm_state,
            )
        self.info = model.load(self.instance.network_info)
        self.services.info_cache.wrote(
            self.instance_uuid, self.instance.network_info
        )

    @abc.abstractmethod
    def do(self) -> None:
        """Leaves what the server has then in ``info``."""

    def final_states(self) -> dict[str, Any]:
        self.info = self.placed(self.info)
        return {"network_info": model.dump(self.info)}

    def finish(self) -> None:
        super().finish()
        self.services.info_cache.wrote(
            self.instance_uuid, model.dump(self.info)
        )


class AttachInterface(_OfInterfaces):
    """One more. ``error`` None: it is there, and ``made`` it is."""

    row = transitions.ATTACH_INTERFACE
    event = "compute_attach_interface"
    made: VIF | None = None
    error: Exception | None = None
    _vif: VIF

    @property
    def request(self) -> NetworkRequest:
        """What was asked for, with a name for the port that is made.

        So a worker that begins again finds the port of the one that died.
        """
        asked = NetworkRequest(**self.action.arguments["request"])
        return dataclasses.replace(asked, key=str(self.action_id))

    def check(self) -> None:
        """Raises: PortInUse, and as for both."""
        super().check()
        port_id = self.request.port_id
        has_it = any(vif.id == port_id for vif in self.info)
        # A second attempt may have taken it in its first.
        if has_it and self.action.attempt == 1:
            raise exception.PortInUse(port_id=port_id)

    def do(self) -> None:
        self.makes_ports()
        with self.plugs() as plugs:
            vif = self._allocate()
            self.undo.callback(
                self.services.network.detach,
                get_admin_context(),
                self.instance_uuid,
                vif.id,
            )
            self.point("allocated")
            plugs.of([vif])
            spec = specs.guest_spec(self.instance)
            self.undo.callback(self.driver.detach_interface, spec, vif)
            self.driver.attach_interface(spec, vif)
            self.point("plugged")
            (self._vif,) = plugs.now
        # Somebody may have read what a worker before this one has made.
        others = [one for one in self.info if one.id != self._vif.id]
        self.info = [*others, self._vif]

    def finish(self) -> None:
        super().finish()
        self.made = self._vif

    def _allocate(self) -> VIF:
        return ports.patiently(
            lambda: self.services.network.attach(
                get_admin_context(),
                info_cache.owner_of(self.instance),
                self.request,
                self.host,
            ),
            self.checkpoint,
        )

    def failed(self, error: Exception) -> None:
        super().failed(error)
        if not isinstance(error, _TOLD):
            error = exception.InterfaceAttachFailed(
                instance_uuid=self.instance_uuid
            )
        self.error = error


class DetachInterface(_OfInterfaces):
    """One less."""

    row = transitions.DETACH_INTERFACE
    event = "compute_detach_interface"

    def do(self) -> None:
        port_id = self.action.arguments["port_id"]
        for vif in self.info:
            if vif.id == port_id:
                self.driver.detach_interface(
                    specs.guest_spec(self.instance), vif, self.checkpoint
                )
        self.point("unplugged")
        ports.patiently(
            lambda: self.services.network.detach(
                get_admin_context(), self.instance_uuid, port_id
            ),
            self.checkpoint,
        )
        self.point("released")
        self.info = [vif for vif in self.info if vif.id != port_id]


# What the user can do something about.
_TOLD = (
    exception.Conflict,
    exception.Invalid,
    exception.NotFound,
    exception.Forbidden,
)
