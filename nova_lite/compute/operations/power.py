# SPDX-License-Identifier: Apache-2.0
"""Start and stop."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import power_state, transitions
from nova_lite.compute.operations import specs
from nova_lite.operation import Operation

CONF = cfg.CONF
LOG = logging.getLogger(__name__)


class Start(Operation):
    """From STOPPED to ACTIVE."""

    row = transitions.START
    event = "compute_start_instance"

    def do(self) -> None:
        self.driver.power_on(specs.guest_spec(self.instance))

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.RUNNING}


class Stop(Operation):
    """From ACTIVE or ERROR to STOPPED: by its button, then by force."""

    row = transitions.STOP
    event = "compute_stop_instance"

    def do(self) -> None:
        try:
            self.driver.power_off(
                self.instance_uuid,
                specs.shutdown_timeout_s(self.instance, CONF.shutdown_timeout),
                self.checkpoint,
            )
        except exception.GuestNotFound:
            # Somebody removed it: a start makes it again from its disks.
            LOG.warning("%s has no guest: it is off", self.instance_uuid)

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.SHUTDOWN}
