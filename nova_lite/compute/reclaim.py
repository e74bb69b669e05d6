# SPDX-License-Identifier: Apache-2.0
"""Reclaim: soft-deleted servers are deleted when their time is over.

Called by the compute manager's periodic task, in its thread.
"""

from __future__ import annotations

from collections.abc import Callable

from oslo_log import log as logging

from nova_lite.compute import vm_states
from nova_lite.compute.locks import InstanceLocks
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.exception import GuestNotFound, HypervisorUnavailable
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import ComputeDriver, is_running

LOG = logging.getLogger(__name__)

# Runs a delete that the journal has for this host: context, action, instance.
Delete = Callable[[RequestContext, int, str], None]

_TICK_S = 60


def spacing_s(interval_s: int) -> int:
    """Seconds between two looks; -1 for none."""
    return max(min(interval_s // 2, _TICK_S), 1) if interval_s else -1


class Reclaim:
    """Looks for servers of this host whose deletion nobody took back."""

    def __init__(
        self, host: str, driver: ComputeDriver, locks: InstanceLocks
    ) -> None:
        self._host = host
        self._driver = driver
        self._locks = locks

    def look(
        self, context: RequestContext, interval_s: int, delete: Delete
    ) -> None:
        """One pass; ``interval_s``: how long a server could be restored."""
        for row in Instance.list_on_host(context, self._host):
            if _is_soft_deleted(row) and is_running(row["power_state"]):
                self._stop(context, row["uuid"])
        # A request of its own: whoever looks at an action finds it in logs.
        own = get_admin_context()
        for action, uuid in Instance.reclaim(own, self._host, interval_s):
            LOG.info("%s is deleted: its time is over", uuid)
            delete(own, action, uuid)

    def _stop(self, context: RequestContext, uuid: str) -> None:
        """Stop a guest whose server was soft-deleted while this was away."""
        with self._locks.hold_if_free(uuid) as held:
            if not held:
                return
            # Looked at again under the lock: a restore may just have come.
            owner = Instance.owners(context, [uuid]).get(uuid)
            if owner is None or not _is_soft_deleted(owner):
                return
            try:
                self._driver.power_off(uuid)
            except GuestNotFound:
                return
            except HypervisorUnavailable as error:
                LOG.warning("%s cannot be stopped now: %s", uuid, error)
                return
        LOG.info("%s is soft-deleted: its guest was stopped", uuid)


def _is_soft_deleted(row: dict[str, object]) -> bool:
    return (
        row["vm_state"] == vm_states.SOFT_DELETED and row["task_state"] is None
    )
