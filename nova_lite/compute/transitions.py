# SPDX-License-Identifier: Apache-2.0
"""What may be done to a server, when, and what becomes of it: one table.

Read by the API (is it allowed now?), by the operations (which state when
done, which when failed?), by conductor's sweep (where to send it again?), by
the tests and by the documentation. Nowhere else stand these facts.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Transition:
    """One operation.

    ``vm_states``/``task_states``: where it may begin (None: anywhere).
    ``during``: the task_state while it waits and runs.
    ``done``: the vm_state when it has succeeded.
    ``on_error``: the vm_state when it has failed (None: as it was before).
    ``max_attempts``: how many workers may die of it before it fails.
    """

    name: str
    action: str
    vm_states: frozenset[str] | None
    task_states: frozenset[str | None] | None
    during: str
    done: str
    on_error: str | None
    target: Target
    rpc_method: str
    host_dead: HostDead
    needs_unlocked: bool = True
    policy: str = ""
    max_attempts: int = 5


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
)

TABLE = {row.name: row for row in (BUILD, DELETE)}


def allows(row: Transition, vm_state: str, task_state: str | None) -> bool:
    """Whether an operation may begin on a server in these states."""
    return (row.vm_states is None or vm_state in row.vm_states) and (
        row.task_states is None or task_state in row.task_states
    )
