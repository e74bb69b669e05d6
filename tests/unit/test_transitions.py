# SPDX-License-Identifier: Apache-2.0
"""The transition table: every row against every state."""

from __future__ import annotations

import itertools

import pytest

from nova_lite.compute import rpcapi, task_states, transitions, vm_states
from nova_lite.compute.transitions import BUILD, DELETE, TABLE, HostDead

TASK_STATES = [
    None,
    *(v for k, v in vars(task_states).items() if k.isupper()),
]


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_row_is_whole(row: transitions.Transition) -> None:
    assert TABLE[row.name] is row
    assert row.done is None or row.done in vm_states.ALL
    assert row.on_error is None or row.on_error in vm_states.ALL
    assert row.during in TASK_STATES
    assert row.policy.startswith("os_compute_api:")
    assert row.max_attempts > 1
    assert row.vm_states is None or row.vm_states <= vm_states.ALL
    assert hasattr(rpcapi.ComputeAPI, row.rpc_method)


@pytest.mark.parametrize(
    ("vm_state", "task_state"),
    list(itertools.product(sorted(vm_states.ALL), TASK_STATES)),
)
def test_delete_is_allowed_everywhere(
    vm_state: str, task_state: str | None
) -> None:
    assert transitions.allows(DELETE, vm_state, task_state)


@pytest.mark.parametrize("vm_state", sorted(vm_states.ALL))
def test_nothing_goes_before_a_delete(vm_state: str) -> None:
    begins = [
        row.name
        for row in TABLE.values()
        if transitions.allows(row, vm_state, task_states.DELETING)
    ]
    assert begins == [DELETE.name]


@pytest.mark.parametrize(
    ("vm_state", "task_state"),
    list(itertools.product(sorted(vm_states.ALL), TASK_STATES)),
)
def test_build_begins_only_when_scheduling(
    vm_state: str, task_state: str | None
) -> None:
    assert transitions.allows(BUILD, vm_state, task_state) == (
        vm_state == vm_states.BUILDING and task_state == task_states.SCHEDULING
    )


def test_no_action_waits_for_a_host_that_may_never_return() -> None:
    """Builds and deletes both end, whatever becomes of the host."""
    assert BUILD.host_dead is HostDead.ANOTHER_HOST
    assert DELETE.host_dead is HostDead.LOCALLY
