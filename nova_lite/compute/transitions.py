# SPDX-License-Identifier: Apache-2.0
"""What may be done to a server, when, and what becomes of it: one table.

Read by the API (is it allowed now?), by the operations (which state when
done, which when failed?), by conductor's sweep (where to send it again?), by
the tests and by the documentation. Nowhere else stand these facts.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import Any

from nova_lite.compute import task_states, vm_states


class Target(enum.Enum):
    """Who runs an action's first step."""

    CONDUCTOR = "conductor"
    HOST = "host"


class HostDead(enum.Enum):
    """What the sweep does with an action whose host is down."""

    WAIT = "wait"  # the guest is there: nobody else can do it
    ANOTHER_HOST = "another host"  # a build moves on
    LOCALLY = "locally"  # conductor does what the database needs


# No operation is under way.
IDLE: frozenset[str | None] = frozenset({None})


@dataclass(frozen=True, slots=True)
class Transition:
    """One operation.

    ``action``: its name in os-instance-actions and in refusals.
    ``vm_states``/``task_states``: where it may begin (None: anywhere).
    ``during``: the task_state while it waits and runs; None for one that
    changes no state, and so excludes no other.
    ``done``: the vm_state when it has succeeded (None: the operation says).
    ``on_error``: the vm_state when it has failed (None: as it was before).
    ``preempts``: it ends whatever else is under way.
    ``max_attempts``: how many workers may die of it before it fails.
    ``moves_from``: vm_states in which another host may have it as well.
    ``repeatable``: False when its row does not say all that is needed.
    """

    name: str
    action: str
    vm_states: frozenset[str] | None
    task_states: frozenset[str | None] | None
    during: str | None
    done: str | None
    on_error: str | None
    target: Target
    rpc_method: str
    host_dead: HostDead
    needs_unlocked: bool = True
    policy: str = ""
    preempts: bool = False
    max_attempts: int = 5
    repeatable: bool = True
    moves_from: frozenset[str] = frozenset()

    def ended(self, vm_state: str | None) -> dict[str, str | None]:
        """The states to write at an end, be it good or bad."""
        if self.during is None:
            return {}
        if vm_state is None:
            return {"task_state": None}
        return {"task_state": None, "vm_state": vm_state}


BUILD = Transition(
    name="build",
    action="create",
    vm_states=frozenset({vm_states.BUILDING}),
    task_states=frozenset({task_states.SCHEDULING}),
    during=task_states.SCHEDULING,
    done=vm_states.ACTIVE,
    on_error=vm_states.ERROR,
    target=Target.CONDUCTOR,
    rpc_method="build_and_run_instance",
    host_dead=HostDead.ANOTHER_HOST,
    policy="os_compute_api:servers:create",
    moves_from=frozenset({vm_states.BUILDING}),
)

DELETE = Transition(
    name="delete",
    action="delete",
    vm_states=None,
    task_states=None,
    during=task_states.DELETING,
    done=vm_states.DELETED,
    on_error=vm_states.ERROR,
    target=Target.HOST,
    rpc_method="terminate_instance",
    host_dead=HostDead.LOCALLY,
    policy="os_compute_api:servers:delete",
    preempts=True,
)


def _on_host(
    name: str,
    begins: set[str],
    during: str | None,
    done: str | None,
    policy: str,
    *,
    rpc_method: str = "",
    action: str = "",
    task_states: frozenset[str | None] | None = IDLE,
    on_error: str | None = None,
    **more: Any,
) -> Transition:
    """An operation that only the host of the guest can do."""
    return Transition(
        name=name,
        action=action or name,
        vm_states=frozenset(begins),
        task_states=task_states,
        during=during,
        done=done,
        on_error=on_error,
        target=Target.HOST,
        rpc_method=rpc_method or f"{name}_instance",
        host_dead=HostDead.WAIT,
        policy=f"os_compute_api:{policy}",
        **more,
    )


START = _on_host(
    "start",
    {vm_states.STOPPED},
    task_states.POWERING_ON,
    vm_states.ACTIVE,
    "servers:start",
)

STOP = _on_host(
    "stop",
    {vm_states.ACTIVE, vm_states.ERROR},
    task_states.POWERING_OFF,
    vm_states.STOPPED,
    "servers:stop",
)

SOFT_REBOOT = _on_host(
    "soft_reboot",
    {vm_states.ACTIVE},
    task_states.REBOOTING,
    vm_states.ACTIVE,
    "servers:reboot",
    action="reboot",
)

HARD_REBOOT = _on_host(
    "hard_reboot",
    {
        vm_states.ACTIVE,
        vm_states.STOPPED,
        vm_states.PAUSED,
        vm_states.SUSPENDED,
        vm_states.ERROR,
    },
    task_states.REBOOTING_HARD,
    vm_states.ACTIVE,
    "servers:reboot",
    action="reboot",
    # What hangs is what a hard reboot is asked for.
    task_states=IDLE
    | {
        task_states.REBOOTING,
        task_states.REBOOT_PENDING,
        task_states.REBOOT_STARTED,
        task_states.REBOOTING_HARD,
        task_states.REBOOT_PENDING_HARD,
        task_states.REBOOT_STARTED_HARD,
        task_states.PAUSING,
        task_states.UNPAUSING,
        task_states.SUSPENDING,
        task_states.RESUMING,
    },
    preempts=True,
)

PAUSE = _on_host(
    "pause",
    {vm_states.ACTIVE},
    task_states.PAUSING,
    vm_states.PAUSED,
    "os-pause-server:pause",
)

UNPAUSE = _on_host(
    "unpause",
    {vm_states.PAUSED},
    task_states.UNPAUSING,
    vm_states.ACTIVE,
    "os-pause-server:unpause",
)

SUSPEND = _on_host(
    "suspend",
    {vm_states.ACTIVE},
    task_states.SUSPENDING,
    vm_states.SUSPENDED,
    "os-suspend-server:suspend",
)

RESUME = _on_host(
    "resume",
    {vm_states.SUSPENDED},
    task_states.RESUMING,
    vm_states.ACTIVE,
    "os-suspend-server:resume",
    on_error=vm_states.ERROR,
)

TRIGGER_CRASH_DUMP = _on_host(
    "trigger_crash_dump",
    {
        vm_states.ACTIVE,
        vm_states.PAUSED,
        vm_states.RESCUED,
        vm_states.RESIZED,
        vm_states.ERROR,
    },
    None,
    None,
    "servers:trigger_crash_dump",
    rpc_method="trigger_crash_dump",
)

# These two exclude no other operation: the server's lock does.
ATTACH_INTERFACE = _on_host(
    "attach_interface",
    {vm_states.ACTIVE, vm_states.PAUSED, vm_states.STOPPED},
    None,
    None,
    "os-attach-interfaces:create",
    rpc_method="attach_interface",
)

DETACH_INTERFACE = dataclasses.replace(
    ATTACH_INTERFACE,
    name="detach_interface",
    action="detach_interface",
    rpc_method="detach_interface",
    policy="os_compute_api:os-attach-interfaces:delete",
)

# The password is in the message alone: nobody can send it again.
CHANGE_PASSWORD = _on_host(
    "change_password",
    {vm_states.ACTIVE},
    task_states.UPDATING_PASSWORD,
    vm_states.ACTIVE,
    "os-admin-password",
    action="changePassword",
    rpc_method="set_admin_password",
    repeatable=False,
)

REBUILD = _on_host(
    "rebuild",
    {vm_states.ACTIVE, vm_states.STOPPED, vm_states.ERROR},
    task_states.REBUILDING,
    None,
    "servers:rebuild",
    on_error=vm_states.ERROR,
)

# With another image conductor first asks whether the host may have it.
REBUILD_WITH_IMAGE = dataclasses.replace(REBUILD, target=Target.CONDUCTOR)

RESCUE = _on_host(
    "rescue",
    {vm_states.ACTIVE, vm_states.STOPPED, vm_states.ERROR},
    task_states.RESCUING,
    vm_states.RESCUED,
    "os-rescue",
    on_error=vm_states.ERROR,
)

UNRESCUE = _on_host(
    "unrescue",
    {vm_states.RESCUED},
    task_states.UNRESCUING,
    vm_states.ACTIVE,
    "os-unrescue",
    on_error=vm_states.ERROR,
)

# A DELETE that can be taken back: [DEFAULT] reclaim_instance_interval.
SOFT_DELETE = Transition(
    name="soft_delete",
    action="delete",
    vm_states=None,
    task_states=None,
    during=task_states.SOFT_DELETING,
    done=vm_states.SOFT_DELETED,
    on_error=None,
    target=Target.HOST,
    rpc_method="soft_delete_instance",
    host_dead=HostDead.LOCALLY,
    policy="os_compute_api:servers:delete",
    preempts=True,
)

RESTORE = _on_host(
    "restore",
    {vm_states.SOFT_DELETED},
    task_states.RESTORING,
    vm_states.ACTIVE,
    "os-deferred-delete:restore",
)

_SNAPSHOT_OF = {
    vm_states.ACTIVE,
    vm_states.STOPPED,
    vm_states.PAUSED,
    vm_states.SUSPENDED,
}

SNAPSHOT = _on_host(
    "snapshot",
    _SNAPSHOT_OF,
    task_states.IMAGE_SNAPSHOT_PENDING,
    None,
    "servers:create_image",
    action="createImage",
    needs_unlocked=False,
)

BACKUP = _on_host(
    "backup",
    _SNAPSHOT_OF,
    task_states.IMAGE_BACKUP,
    None,
    "os-create-backup",
    action="createBackup",
    needs_unlocked=False,
)

SHELVE = _on_host(
    "shelve",
    {
        vm_states.ACTIVE,
        vm_states.STOPPED,
        vm_states.PAUSED,
        vm_states.SUSPENDED,
    },
    task_states.SHELVING,
    vm_states.SHELVED,
    "os-shelve:shelve",
    on_error=vm_states.ERROR,
)

SHELVE_OFFLOAD = _on_host(
    "shelve_offload",
    {vm_states.SHELVED},
    task_states.SHELVING_OFFLOADING,
    vm_states.SHELVED_OFFLOADED,
    "os-shelve:shelve_offload",
    action="shelveOffload",
)

# By conductor: a server that has its host yet starts there.
UNSHELVE = Transition(
    name="unshelve",
    action="unshelve",
    vm_states=frozenset({vm_states.SHELVED, vm_states.SHELVED_OFFLOADED}),
    task_states=IDLE,
    during=task_states.UNSHELVING,
    done=vm_states.ACTIVE,
    on_error=None,
    target=Target.CONDUCTOR,
    rpc_method="unshelve_instance",
    host_dead=HostDead.ANOTHER_HOST,
    policy="os_compute_api:os-shelve:unshelve",
    moves_from=frozenset({vm_states.SHELVED_OFFLOADED}),
)

# Conductor first asks whether the host has room, and writes the migration.
RESIZE = Transition(
    name="resize",
    action="resize",
    vm_states=frozenset({vm_states.ACTIVE, vm_states.STOPPED}),
    task_states=IDLE,
    during=task_states.RESIZE_PREP,
    done=vm_states.RESIZED,
    on_error=None,
    target=Target.CONDUCTOR,
    rpc_method="resize_instance",
    host_dead=HostDead.WAIT,
    policy="os_compute_api:servers:resize",
)

MIGRATE = dataclasses.replace(
    RESIZE,
    name="migrate",
    action="migrate",
    rpc_method="migrate_instance",
    policy="os_compute_api:os-migrate-server:migrate",
)

CONFIRM_RESIZE = _on_host(
    "confirm_resize",
    {vm_states.RESIZED},
    task_states.RESIZE_CONFIRMING,
    None,
    "servers:confirm_resize",
    rpc_method="confirm_resize",
    action="confirmResize",
    on_error=vm_states.ERROR,
)

REVERT_RESIZE = _on_host(
    "revert_resize",
    {vm_states.RESIZED},
    task_states.RESIZE_REVERTING,
    None,
    "servers:revert_resize",
    rpc_method="revert_resize",
    action="revertResize",
    on_error=vm_states.ERROR,
)

TABLE = {
    row.name: row
    for row in (
        BUILD,
        DELETE,
        PAUSE,
        UNPAUSE,
        SHELVE,
        SHELVE_OFFLOAD,
        UNSHELVE,
        START,
        STOP,
        SOFT_REBOOT,
        HARD_REBOOT,
        SUSPEND,
        RESUME,
        TRIGGER_CRASH_DUMP,
        ATTACH_INTERFACE,
        DETACH_INTERFACE,
        CHANGE_PASSWORD,
        SNAPSHOT,
        BACKUP,
        REBUILD,
        RESCUE,
        UNRESCUE,
        SOFT_DELETE,
        RESTORE,
        RESIZE,
        MIGRATE,
        CONFIRM_RESIZE,
        REVERT_RESIZE,
    )
}


def allows(row: Transition, vm_state: str, task_state: str | None) -> bool:
    """Whether an operation may begin on a server in these states.

    Nothing goes before a delete that nobody can take back.
    """
    if task_state == DELETE.during and row.name != DELETE.name:
        return False
    return (row.vm_states is None or vm_state in row.vm_states) and (
        row.task_states is None or task_state in row.task_states
    )
