# SPDX-License-Identifier: Apache-2.0
"""Power sync: what happens to guests on their own reaches their servers.

A lifecycle event says that a guest has changed; a pass over all guests, now
and then and after an outage of the hypervisor, finds what no event told. What
it means for a server stands in compute/power_sync.py; conductor decides. Runs
in nova-lite-compute, in the driver's event thread or in a periodic task's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite.compute import power_state
from nova_lite.compute.locks import InstanceLocks
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.exception import GuestNotFound, HypervisorUnavailable
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import ComputeDriver, LifecycleEvent

LOG = logging.getLogger(__name__)

# Runs a stop that the journal has for this host: context, action, instance.
Stop = Callable[[RequestContext, int, str], None]


class PowerSync:
    """Writes power states down where no operation has caused the change."""

    def __init__(
        self, host: str, driver: ComputeDriver, locks: InstanceLocks
    ) -> None:
        self._host = host
        self._driver = driver
        self._locks = locks
        self._guard = threading.Lock()
        self._undefined: set[str] = set()

    def listen(self, stop: Stop) -> None:
        """Take the driver's events from now on."""
        self._driver.register_event_listener(
            lambda uuid, event: self._on_event(uuid, event, stop)
        )
        self._driver.register_return_listener(
            lambda: self.look(get_admin_context(), stop)
        )

    def _on_event(self, uuid: str, event: LifecycleEvent, stop: Stop) -> None:
        if event is LifecycleEvent.UNDEFINED:
            with self._guard:
                self._undefined.add(uuid)
        self._observe(get_admin_context(), uuid, stop)

    def after_operation(self, uuid: str, deleted: bool, stop: Stop) -> None:
        """Look again at a guest that was undefined during an operation.

        Operations do that themselves, and define it anew; one that is still
        missing was undefined by somebody else.
        """
        with self._guard:
            if uuid not in self._undefined:
                return
            self._undefined.discard(uuid)
        if deleted:
            return
        try:
            self._driver.get_info(uuid)
        except GuestNotFound:
            self._observe(get_admin_context(), uuid, stop)
        except HypervisorUnavailable as error:
            LOG.debug("%s is looked at later: %s", uuid, error)

    def look(self, context: RequestContext, stop: Stop) -> None:
        """Compare all servers of this host with their guests."""
        try:
            found = {one.uuid: one for one in self._driver.list_guests()}
        except HypervisorUnavailable as error:
            LOG.warning("Power states cannot be compared: %s", error)
            return
        for row in Instance.list_on_host(context, self._host):
            uuid = row["uuid"]
            if row["task_state"] or row["vm_state"] == "building":
                continue
            guest = found.get(uuid)
            state = guest.state if guest else power_state.NOSTATE
            if state != row["power_state"]:
                # Each has an action, and so a request, of its own.
                self._observe(get_admin_context(), uuid, stop)

    def _observe(self, context: RequestContext, uuid: str, stop: Stop) -> None:
        """Record a guest's state, unless something is being done with it."""
        with self._locks.hold_if_free(uuid) as held:
            if not held:
                LOG.debug("%s has an operation under way", uuid)
                return
            try:
                state = self._driver.get_info(uuid).state
            except GuestNotFound:
                state = power_state.NOSTATE
            except HypervisorUnavailable as error:
                LOG.debug("%s is looked at later: %s", uuid, error)
                return
            told = Instance.set_power_state(
                context, uuid, self._host, {"power_state": state}
            )
        if told.get("busy"):
            # An operation waits for its turn; after it we look again.
            LOG.debug("%s has an operation coming", uuid)
            return
        with self._guard:
            self._undefined.discard(uuid)
        if not told:
            return
        if told["said"]:
            LOG.warning("%s: %s", uuid, told["said"])
        else:
            LOG.info("%s is now %s", uuid, power_state.NAMES[state])
        if told["stop"] is not None:
            stop(context, told["stop"], uuid)
