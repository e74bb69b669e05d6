# SPDX-License-Identifier: Apache-2.0
"""Build: claim the host's resources, spawn the guest, see it run."""

from __future__ import annotations

import datetime
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
from nova_lite.operation import Operation, sentence

CONF = cfg.CONF
LOG = logging.getLogger(__name__)

# What another host could not do better either.
_HOPELESS = (
    exception.ImageNotFound,
    exception.ImageUnacceptable,
    exception.InvalidDiskInfo,
    exception.BuildAbort,
)


class Build(Operation):
    """From scheduled to ACTIVE."""

    row = transitions.BUILD
    event = "compute__do_build_and_run_instance"
    first_states = {"task_state": task_states.SPAWNING}

    def acquire(self) -> None:
        limits = self.action.arguments.get("limits", {})
        self.services.tracker.instance_claim(self.instance, limits)
        self.undo.callback(self.services.tracker.drop, self.instance_uuid)

    def do(self) -> None:
        self.checkpoint()
        self.undo.callback(self.driver.destroy, self.instance_uuid)
        self.driver.spawn(specs.guest_spec(self.instance), self.progress)

    def final_states(self) -> dict[str, Any]:
        return {
            "power_state": power_state.RUNNING,
            "progress": 100,
            "launched_at": datetime.datetime.now(datetime.UTC),
        }

    def failed(self, error: Exception) -> None:
        """Declared outcomes: another host, or the end."""
        tried = [*self.action.arguments.get("tried", []), self._try_of(error)]
        if not isinstance(error, _HOPELESS) and len(tried) < (
            CONF.scheduler.max_attempts
        ):
            self._reschedule(tried, error)
            return
        if len(tried) > 1 and not isinstance(error, _HOPELESS):
            error = _out_of_hosts(tried, error)
        super().failed(error)

    def _try_of(self, error: Exception) -> dict[str, str]:
        return {"host": self.host, "reason": sentence(error)}

    def _reschedule(
        self, tried: list[dict[str, str]], error: Exception
    ) -> None:
        arguments = {**self.action.arguments, "tried": tried}
        if self.action.reschedule(
            arguments, self._event("Rescheduled", error), self.host
        ):
            self.services.conductor.build_instances(
                self.context, [self.action_id]
            )
            LOG.info("%s goes to another host", self.instance_uuid)
        else:
            self.action.preempted(self._event("Preempted"))

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        return {
            "host": None,
            "node": None,
            "power_state": power_state.NOSTATE,
            "vm_state": vm_states.ERROR,
        }


def _out_of_hosts(
    tried: list[dict[str, str]], error: Exception
) -> exception.MaxRetriesExceeded:
    reasons = "; ".join(dict.fromkeys(one["reason"] for one in tried))
    final = exception.MaxRetriesExceeded(
        reason=f"The build failed on {len(tried)} hosts: {reasons}",
        details="\n".join(f"{one['host']}: {one['reason']}" for one in tried),
    )
    final.__cause__ = error
    return final
