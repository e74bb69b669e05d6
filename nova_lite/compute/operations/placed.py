# SPDX-License-Identifier: Apache-2.0
"""What build and unshelve share: a host that fails gives way to another.

The scheduler's alternates are in the action's arguments, and what was tried.
"""

from __future__ import annotations

import abc
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.operation import Operation, sentence

CONF = cfg.CONF
LOG = logging.getLogger(__name__)

# What another host could not do better either.
_HOPELESS = (
    exception.ImageNotFound,
    exception.ImageUnacceptable,
    exception.InvalidDiskInfo,
    exception.BuildAbort,
    exception.ExternalNetworkAttachForbidden,
    exception.FixedIpAlreadyInUse,
    exception.FixedIpInvalidOnHost,
    exception.NetworkAmbiguous,
    exception.NetworkNotFound,
    exception.NetworkRequiresSubnet,
    exception.NoMoreFixedIps,
    exception.PortInUse,
    exception.PortLimitExceeded,
    exception.PortNotFound,
    exception.PortNotUsable,
    exception.PortNotUsableDNS,
    exception.PortRequiresFixedIP,
    exception.SecurityGroupCannotBeApplied,
    exception.SecurityGroupNotFound,
    exception.UnableToAutoAllocateNetwork,
    exception.VirtualInterfaceCreateException,
    exception.FatalHookException,
)


class PlacedOperation(Operation):
    """One that another host may do as well."""

    def acquire(self) -> None:
        limits = self.action.arguments.get("limits", {})
        self.services.tracker.instance_claim(self.instance, limits)
        self.undo.callback(self.services.tracker.drop, self.instance_uuid)

    @abc.abstractmethod
    def send_back(self) -> None:
        """Tell conductor that the action is its own again."""

    def may_move(self) -> bool:
        """Whether another host may have it now."""
        return True

    def failed(self, error: Exception) -> None:
        """Declared outcomes: another host, or the end."""
        tried = [*self.action.arguments.get("tried", []), self._try_of(error)]
        hopeless = isinstance(error, _HOPELESS) or not self.may_move()
        if not hopeless and len(tried) < CONF.scheduler.max_attempts:
            self._reschedule(tried, error)
            return
        if len(tried) > 1 and not hopeless:
            error = _out_of_hosts(self.row.name, tried, error)
        super().failed(error)

    def _try_of(self, error: Exception) -> dict[str, str]:
        return {"host": self.host, "reason": sentence(error)}

    def _reschedule(
        self, tried: list[dict[str, str]], error: Exception
    ) -> None:
        arguments: dict[str, Any] = {**self.action.arguments, "tried": tried}
        if self.action.reschedule(
            arguments, self._event("Rescheduled", error), self.host
        ):
            self.send_back()
            LOG.info("%s goes to another host", self.instance_uuid)
        else:
            self.action.preempted(self._event("Preempted"))


def _out_of_hosts(
    what: str, tried: list[dict[str, str]], error: Exception
) -> exception.MaxRetriesExceeded:
    reasons = "; ".join(dict.fromkeys(one["reason"] for one in tried))
    final = exception.MaxRetriesExceeded(
        reason=f"The {what} failed on {len(tried)} hosts: {reasons}",
        details="\n".join(f"{one['host']}: {one['reason']}" for one in tried),
    )
    final.__cause__ = error
    return final
