# SPDX-License-Identifier: Apache-2.0
"""Reconcile: the hypervisor and the disk compared with the database.

At start and every minute. Repaired is what is safe: a guest or disk of ours
whose server is deleted, or lives on another host, is removed. What the
database has never known is reported and left alone: it may be somebody's data
under a wrong configuration. Power states are compute/events.py's.
"""

from __future__ import annotations

import time

from oslo_log import log as logging

from nova_lite.compute.locks import InstanceLocks
from nova_lite.compute.resource_tracker import ResourceTracker
from nova_lite.context import RequestContext
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)


class Reconcile:
    """Compares, repairs, reports."""

    def __init__(
        self,
        host: str,
        driver: ComputeDriver,
        locks: InstanceLocks,
        tracker: ResourceTracker,
    ) -> None:
        self._host = host
        self._driver = driver
        self._locks = locks
        self._tracker = tracker
        self._strangers: dict[str, float] = {}

    def look(self, context: RequestContext) -> None:
        """One pass."""
        guests = {g.uuid for g in self._driver.list_guests() if g.owned}
        uuids = guests | set(self._driver.list_disk_owners())
        owners = Instance.owners(context, sorted(uuids)) if uuids else {}
        for uuid in sorted(uuids):
            owner = owners.get(uuid)
            if owner is None:
                self._report_stranger(uuid)
            elif owner["deleted"] or self._moved_away(owner):
                self._remove(context, uuid)
        self._strangers = {
            uuid: since
            for uuid, since in self._strangers.items()
            if uuid in uuids
        }

    def _moved_away(self, owner: dict[str, object]) -> bool:
        """On another host, or on none: a build that went on elsewhere."""
        return owner["host"] != self._host

    def _remove(self, context: RequestContext, uuid: str) -> None:
        if self._locks.busy(uuid):
            return
        with self._locks.hold(uuid):
            # Looked at again under the lock: a build may just have come.
            owner = Instance.owners(context, [uuid]).get(uuid)
            if owner is None or not (
                owner["deleted"] or self._moved_away(owner)
            ):
                return
            LOG.warning(
                "Removing the guest of %s: the server is %s",
                uuid,
                "deleted"
                if owner["deleted"]
                else f"on {owner['host'] or 'no host'}",
            )
            self._driver.destroy(uuid)
            self._tracker.drop(uuid)

    def _report_stranger(self, uuid: str) -> None:
        since = self._strangers.setdefault(uuid, time.monotonic())
        LOG.warning(
            "Guest or disk %s is not in the database (seen for %d s). If it "
            "is not wanted, remove it by hand.",
            uuid,
            time.monotonic() - since,
        )
