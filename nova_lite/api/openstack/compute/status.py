# SPDX-License-Identifier: Apache-2.0
"""The ``status`` of a server: what its vm_state and task_state come to.

One table, read forward by the view and backward by the status filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nova_lite.compute import vm_states

# vm_state -> (status without a special task, {task_state: status})
_REBUILD = {
    "rebuilding": "REBUILD",
    "rebuild_block_device_mapping": "REBUILD",
    "rebuild_spawning": "REBUILD",
}
_RESIZE = {
    "resize_prep": "RESIZE",
    "resize_migrating": "RESIZE",
    "resize_migrated": "RESIZE",
    "resize_finish": "RESIZE",
}
STATES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    vm_states.ACTIVE: (
        "ACTIVE",
        {
            "rebooting": "REBOOT",
            "reboot_pending": "REBOOT",
            "reboot_started": "REBOOT",
            "rebooting_hard": "HARD_REBOOT",
            "reboot_pending_hard": "HARD_REBOOT",
            "reboot_started_hard": "HARD_REBOOT",
            "updating_password": "PASSWORD",
            "migrating": "MIGRATING",
            **_REBUILD,
            **_RESIZE,
        },
    ),
    vm_states.BUILDING: ("BUILD", {}),
    vm_states.STOPPED: ("SHUTOFF", {**_RESIZE, **_REBUILD}),
    vm_states.RESIZED: (
        "VERIFY_RESIZE",
        {"resize_reverting": "REVERT_RESIZE"},
    ),
    vm_states.PAUSED: ("PAUSED", {"migrating": "MIGRATING"}),
    vm_states.SUSPENDED: ("SUSPENDED", {}),
    vm_states.RESCUED: ("RESCUE", {}),
    vm_states.ERROR: ("ERROR", _REBUILD),
    vm_states.DELETED: ("DELETED", {}),
    vm_states.SOFT_DELETED: ("SOFT_DELETED", {}),
    vm_states.SHELVED: ("SHELVED", {}),
    vm_states.SHELVED_OFFLOADED: ("SHELVED_OFFLOADED", {}),
}


def status(vm_state: str, task_state: str | None) -> str:
    """What a user sees as the server's status."""
    plain, special = STATES.get(vm_state, ("UNKNOWN", {}))
    return special.get(task_state, plain) if task_state else plain


def states_of(statuses: Iterable[str]) -> tuple[set[str], set[str | None]]:
    """The vm_states and task_states that can show one of ``statuses``.

    A server matches when both of its states are in the sets; an empty set
    of task_states means any. Unknown statuses give empty sets.
    """
    wanted = {text.lower() for text in statuses}
    vms: set[str] = set()
    tasks: set[str | None] = set()
    for vm_state, (plain, special) in STATES.items():
        if plain.lower() in wanted:
            vms.add(vm_state)
            tasks.add(None)
        for task_state, shown in special.items():
            if shown.lower() in wanted:
                vms.add(vm_state)
                tasks.add(task_state)
    return vms, set() if None in tasks else tasks
