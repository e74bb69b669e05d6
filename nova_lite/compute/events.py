# SPDX-License-Identifier: Apache-2.0
"""Lifecycle events: what happens to guests on their own."""

from __future__ import annotations

from oslo_log import log as logging

from nova_lite.compute import power_state
from nova_lite.compute.locks import InstanceLocks
from nova_lite.context import get_admin_context
from nova_lite.exception import GuestNotFound
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import ComputeDriver, LifecycleEvent

LOG = logging.getLogger(__name__)


class LifecycleEvents:
    """Writes the power state down when no operation caused the change."""

    def __init__(
        self, host: str, driver: ComputeDriver, locks: InstanceLocks
    ) -> None:
        self._host = host
        self._driver = driver
        self._locks = locks

    def on_event(self, uuid: str, event: LifecycleEvent) -> None:
        """Called by the driver, in a thread of its own."""
        if self._locks.busy(uuid):
            LOG.debug("%s %s, by an operation", uuid, event.value)
            return
        self.sync(uuid, self._state(uuid))

    def _state(self, uuid: str) -> int:
        try:
            return self._driver.get_info(uuid).state
        except GuestNotFound:
            return power_state.NOSTATE

    def sync(self, uuid: str, state: int) -> None:
        """Record a power state, unless something is being done."""
        if Instance.set_power_state(
            get_admin_context(), uuid, self._host, {"power_state": state}
        ):
            LOG.info("%s is now %s", uuid, power_state.NAMES[state])
