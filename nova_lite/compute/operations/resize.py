# SPDX-License-Identifier: Apache-2.0
"""Resize and cold migration on the server's own host.

The guest is shut down, its disks are kept as they are, and it starts again
from copies with the new flavor. Until that is confirmed or reverted the
server holds both.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping
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
from nova_lite.objects.migration import Migration
from nova_lite.operation import Operation

CONF = cfg.CONF
LOG = logging.getLogger(__name__)

# A daemon that dies so often of a resize had better undo it.
_MOST_ATTEMPTS = 3
_SIZES = ("vcpus", "memory_mb", "root_gb", "ephemeral_gb")


def flavor_columns(flavor: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a server that has this flavor."""
    return {
        "flavor": {k: v for k, v in flavor.items() if k != "id"},
        **{name: flavor[name] for name in _SIZES},
    }


class Moving(Operation):
    """What a resize and its ends share: the migration, and the way back."""

    _migration: Migration | None = None

    @property
    def migration(self) -> Migration:
        """The migration that the action names, read once."""
        if self._migration is None:
            self._migration = Migration.get_by_uuid(
                self.context, self.action.arguments["migration"]
            )
        return self._migration

    def power_off(self) -> None:
        """Let the guest shut itself down, then cut its power."""
        try:
            self.driver.power_off(
                self.instance_uuid,
                specs.shutdown_timeout_s(self.instance, CONF.shutdown_timeout),
                self.checkpoint,
            )
        except exception.GuestNotFound:
            # Somebody removed it: a start makes it again from its disks.
            LOG.warning("%s has no guest: it is off", self.instance_uuid)

    def take_flavor(self, flavor: Mapping[str, Any]) -> None:
        """Let this process's copy of the server have a flavor."""
        for name, value in flavor_columns(flavor).items():
            setattr(self.instance, name, value)

    def power_on_if(self, vm_state: str) -> None:
        """Start the guest unless the server is to be off."""
        if vm_state == vm_states.ACTIVE:
            self.driver.power_on(specs.guest_spec(self.instance))

    def count(self, limits: Mapping[str, int] | None = None) -> None:
        """Count the server with the flavor that it has now."""
        self.services.tracker.instance_claim(self.instance, limits or {})


class Resize(Moving):
    """From ACTIVE or STOPPED to RESIZED."""

    row = transitions.RESIZE
    event = "compute_resize_instance"
    _undone = False

    def check(self) -> None:
        if self.migration.status == "error":
            raise exception.ResizeError(
                reason="it was interrupted while it was being undone"
            )
        if self.action.attempt > _MOST_ATTEMPTS:
            raise exception.ResizeError(
                reason=f"the service that ran it died {_MOST_ATTEMPTS} times"
            )

    def acquire(self) -> None:
        self.take_flavor(self.migration.new_flavor)
        self.count()

    def do(self) -> None:
        self.advance(task_state=task_states.RESIZE_MIGRATING)
        self.migration.update({"status": "migrating"})
        self.point("migrating")
        name = self.migration.uuid
        if not self.driver.has_kept_disks(self.instance_uuid, name):
            self.power_off()
            self.driver.keep_disks(self.instance_uuid, name)
        self.point("kept")
        self.advance(task_state=task_states.RESIZE_MIGRATED)
        self.migration.update({"status": "post-migrating"})
        self.point("migrated")
        self.advance(
            task_state=task_states.RESIZE_FINISH,
            **flavor_columns(self.migration.new_flavor),
        )
        self.point("finishing")
        self.driver.resize_disks(
            specs.guest_spec(self.instance), name, self.progress
        )
        self.point("copied")
        self.power_on_if(self.instance.vm_state)
        self.point("started")
        self.migration.update({"status": "finished"})

    def final_states(self) -> dict[str, Any]:
        runs = self.instance.vm_state == vm_states.ACTIVE
        return {
            "power_state": (
                power_state.RUNNING if runs else power_state.SHUTDOWN
            ),
            "launched_at": datetime.datetime.now(datetime.UTC),
        }

    def failed(self, error: Exception) -> None:
        """Undo it, then tell: the server is as it was."""
        self._undone = self._undo()
        super().failed(error)

    def _undo(self) -> bool:
        """Whether the server could be brought back."""
        # First of all: one that is killed here is not to go on forward.
        self.migration.update({"status": "error"})
        self.take_flavor(self.migration.old_flavor)
        try:
            self._bring_back()
        except Exception:
            # Whatever it is: the server is broken then, and says so.
            LOG.exception("%s cannot be brought back", self.instance_uuid)
            return False
        self.count()
        self.migration.give_back("error")
        return True

    def _bring_back(self) -> None:
        name = self.migration.uuid
        if self.driver.has_kept_disks(self.instance_uuid, name):
            with contextlib.suppress(exception.GuestNotFound):
                self.driver.power_off(self.instance_uuid)
            self.driver.restore_disks(self.instance_uuid, name)
        self.power_on_if(self.instance.vm_state)

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        if not self._undone:
            return {"vm_state": vm_states.ERROR}
        return {
            "vm_state": self.instance.vm_state,
            **flavor_columns(self.migration.old_flavor),
        }


class Migrate(Resize):
    """The same with the flavor that the server has."""

    row = transitions.MIGRATE

    def check(self) -> None:
        super().check()
        if not self.driver.capabilities.get("supports_migrate_to_same_host"):
            raise exception.UnableToMigrateToSelf(
                instance_id=self.instance_uuid, host=self.host
            )
