# SPDX-License-Identifier: Apache-2.0
"""Build: claim the host's resources, make ports, spawn the guest."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from nova_lite import hooks
from nova_lite.compute import (
    info_cache,
    ports,
    power_state,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.compute.network_requests import Wanted
from nova_lite.compute.operations import specs
from nova_lite.compute.operations.placed import PlacedOperation
from nova_lite.compute.plugging import Plugs
from nova_lite.context import get_admin_context
from nova_lite.network import model
from nova_lite.network.model import VIF


class Build(PlacedOperation):
    """From scheduled to ACTIVE."""

    row = transitions.BUILD
    event = "compute__do_build_and_run_instance"
    first_states = {"task_state": task_states.SPAWNING}
    networked_states = {"task_state": task_states.NETWORKING}
    # As the network service has them when the guest runs.
    _vifs: Sequence[VIF] | None = None

    @hooks.add_hook("build_instance")
    def do(self) -> None:
        self.checkpoint()
        with self.plugs() as plugs:
            self._allocate(plugs)
            spec = specs.guest_spec(self.instance)
            self.undo.callback(
                self.driver.destroy, self.instance_uuid, vifs=spec.vifs
            )
            self.driver.spawn(spec, self.progress)
            if plugs.vifs:
                self._vifs = self.placed(plugs.now)

    def _allocate(self, plugs: Plugs) -> None:
        """The server's ports, as its user wants them."""
        wanted = Wanted.from_arguments(self.action.arguments)
        if not wanted.any:
            return
        network = self.services.network
        self.makes_ports()
        # What this cannot undo, a delete or the next host finds.
        self.undo.callback(
            network.deallocate,
            get_admin_context(),
            self.instance_uuid,
            self.host,
        )
        vifs = ports.patiently(
            lambda: network.allocate(
                get_admin_context(),
                info_cache.owner_of(self.instance),
                wanted.requested,
                self.host,
                wanted.security_groups,
            ),
            self.checkpoint,
        )
        self.point("allocated")
        plugs.of(vifs)
        self.advance(
            task_state=task_states.SPAWNING, network_info=model.dump(vifs)
        )

    def final_states(self) -> dict[str, Any]:
        states: dict[str, Any] = {
            "power_state": power_state.RUNNING,
            "progress": 100,
            "launched_at": datetime.datetime.now(datetime.UTC),
        }
        if self._vifs is not None:
            states["network_info"] = model.dump(self._vifs)
        return states

    def failed(self, error: Exception) -> None:
        if self.instance.network_info:
            # Its ports went with all else: it shows none of them. If a
            # delete was accepted, what follows notices that too.
            self.action.advance({"network_info": None})
        super().failed(error)

    def send_back(self) -> None:
        self.services.conductor.build_instances(self.context, [self.action_id])

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        return {
            "host": None,
            "node": None,
            "power_state": power_state.NOSTATE,
            "vm_state": vm_states.ERROR,
        }
