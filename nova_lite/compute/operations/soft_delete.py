# SPDX-License-Identifier: Apache-2.0
"""A delete that can be taken back, and the taking back."""

from __future__ import annotations

from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import power_state, transitions
from nova_lite.compute.operations import specs
from nova_lite.compute.operations.resize import Moving, flavor_columns
from nova_lite.objects.migration import Migration

LOG = logging.getLogger(__name__)


class _Kept(Moving):
    """What the two share: a resize that has no end yet comes to one."""

    def settle(self) -> None:
        """Confirm a resize that was done, undo one that was under way.

        The guest is off. Nobody else ends it: its server is RESIZED no more.
        """
        found = Migration.unended(self.context, self.instance_uuid)
        if found is None:
            return
        self.point("unsettled")
        if found.is_done:
            self.driver.drop_kept_disks(self.instance_uuid)
            found.let_go()
            return
        if self.driver.has_kept_disks(self.instance_uuid, found.uuid):
            self.driver.restore_disks(self.instance_uuid, found.uuid)
        self.take_flavor(found.old_flavor)
        self.advance(**flavor_columns(found.old_flavor))
        self.count()
        asked = found.status == "reverting"
        found.give_back("reverted" if asked else "error")


class SoftDelete(_Kept):
    """From any state to SOFT_DELETED: off, with all that it has."""

    row = transitions.SOFT_DELETE
    event = "compute_soft_delete_instance"

    def do(self) -> None:
        try:
            self.driver.power_off(self.instance_uuid)
        except exception.GuestNotFound:
            LOG.info("%s has no guest: it is off", self.instance_uuid)
        self.settle()

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.SHUTDOWN}

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        return {"deleted_at": None}


class Restore(_Kept):
    """From SOFT_DELETED to ACTIVE."""

    row = transitions.RESTORE
    event = "compute_restore_instance"

    def do(self) -> None:
        # Its host may have been down when it was deleted.
        self.settle()
        self.driver.power_on(specs.guest_spec(self.instance))

    def final_states(self) -> dict[str, Any]:
        return {"power_state": power_state.RUNNING, "deleted_at": None}
