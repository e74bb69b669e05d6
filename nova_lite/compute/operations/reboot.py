# SPDX-License-Identifier: Apache-2.0
"""Soft and hard reboot."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import (
    power_state,
    task_states,
    transitions,
    vm_states,
)
from nova_lite.compute.operations import specs
from nova_lite.operation import Operation

CONF = cfg.CONF
LOG = logging.getLogger(__name__)


class _Reboot(Operation):
    """What the two kinds share: how they end."""

    event = "compute_reboot_instance"

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.RUNNING}

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        """A guest that runs in spite of the failure is no broken server."""
        try:
            state = self.driver.get_info(self.instance_uuid).state
        except exception.GuestNotFound:
            state = power_state.NOSTATE
        except exception.VirtError:
            return {"vm_state": vm_states.ERROR}
        runs = state == power_state.RUNNING
        return {
            "power_state": state,
            "vm_state": vm_states.ACTIVE if runs else vm_states.ERROR,
        }


class SoftReboot(_Reboot):
    """By the guest itself; by force when it does not obey in time."""

    row = transitions.SOFT_REBOOT
    first_states = {"task_state": task_states.REBOOT_PENDING}

    def do(self) -> None:
        self.advance(task_state=task_states.REBOOT_STARTED)
        self.point("started")
        spec = specs.guest_spec(self.instance)
        if not self.driver.soft_reboot(
            spec, CONF.libvirt.wait_soft_reboot_seconds, self.checkpoint
        ):
            LOG.info("%s did not obey: rebooting hard", self.instance_uuid)
            self.driver.hard_reboot(spec)


class HardReboot(_Reboot):
    """By force, with the guest described anew."""

    row = transitions.HARD_REBOOT
    first_states = {"task_state": task_states.REBOOT_PENDING_HARD}

    def do(self) -> None:
        self.advance(task_state=task_states.REBOOT_STARTED_HARD)
        self.point("started")
        self.driver.hard_reboot(specs.guest_spec(self.instance))
