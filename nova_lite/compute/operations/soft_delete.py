# SPDX-License-Identifier: Apache-2.0
"""A delete that can be taken back, and the taking back."""

from __future__ import annotations

from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import power_state, transitions
from nova_lite.compute.operations import specs
from nova_lite.operation import Operation

LOG = logging.getLogger(__name__)


class SoftDelete(Operation):
    """From any state to SOFT_DELETED: off, with all that it has."""

    row = transitions.SOFT_DELETE
    event = "compute_soft_delete_instance"

    def do(self) -> None:
        try:
            self.driver.power_off(self.instance_uuid)
        except exception.GuestNotFound:
            LOG.info("%s has no guest: it is off", self.instance_uuid)

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.SHUTDOWN}


class Restore(Operation):
    """From SOFT_DELETED to ACTIVE."""

    row = transitions.RESTORE
    event = "compute_restore_instance"

    def do(self) -> None:
        self.driver.power_on(specs.guest_spec(self.instance))

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.RUNNING, "deleted_at": None}
