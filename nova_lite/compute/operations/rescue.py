# SPDX-License-Identifier: Apache-2.0
"""Rescue and unrescue: the guest runs from another disk for a while."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.compute import power_state, transitions
from nova_lite.compute.operations import specs
from nova_lite.operation import Operation

CONF = cfg.CONF


class Rescue(Operation):
    """From ACTIVE, STOPPED or ERROR to RESCUED.

    The image to start from is in the action; what it means for the disks is
    the driver's.
    """

    row = transitions.RESCUE
    event = "compute_rescue_instance"

    def do(self) -> None:
        spec = specs.guest_spec(self.instance)
        image = specs.image_spec(self.action.arguments["image"])
        # While it still runs: a download that fails costs nothing then.
        self.driver.cache_image(image, self.progress)
        self.point("fetched")
        # Without a guest its disks may be there all the same.
        with contextlib.suppress(exception.GuestNotFound):
            self.driver.power_off(
                self.instance_uuid,
                specs.shutdown_timeout_s(self.instance, CONF.shutdown_timeout),
                self.checkpoint,
            )
        self.point("stopped")
        self.driver.rescue(spec, image, self.progress)

    def final_states(self) -> dict[str, Any]:
        return {
            "power_state": power_state.RUNNING,
            "launched_at": datetime.datetime.now(datetime.UTC),
        }


class Unrescue(Operation):
    """From RESCUED to ACTIVE, with its own disks as they are now."""

    row = transitions.UNRESCUE
    event = "compute_unrescue_instance"

    def do(self) -> None:
        self.driver.unrescue(specs.guest_spec(self.instance))

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.RUNNING}
