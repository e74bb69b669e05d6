# SPDX-License-Identifier: Apache-2.0
"""Guests that go away while something is about to be done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from nova_lite import objects
from nova_lite.compute import power_state, task_states, vm_states
from nova_lite.compute.events import PowerSync
from nova_lite.compute.locks import InstanceLocks
from nova_lite.context import RequestContext
from nova_lite.db import repositories
from nova_lite.db import session as db
from nova_lite.db.repositories import instance
from nova_lite.virt import driver, loader
from tests.fixtures.hypervisor import ImageShelf, virt_options
from tests.unit.conductor.conftest import Journal

__all__ = ["virt_options"]


@pytest.fixture
def host(
    virt_options: Callable[..., None],
) -> Iterator[driver.ComputeDriver]:
    """A host without a guest."""
    made = loader.load_driver("fake", ImageShelf({}))
    made.init_host("h")
    yield made
    made.cleanup_host()


def _no_stop(_context: RequestContext, action: int, server: str) -> None:
    raise AssertionError(f"action {action} would stop {server}")


def test_a_guest_that_goes_before_its_stop_is_missed_after_it(
    book: Journal, host: driver.ComputeDriver
) -> None:
    """Destroyed and undefined at once: the second event finds it busy."""
    repositories.register()
    objects.register_all()
    server = book.server(
        host="h",
        vm_state=vm_states.ACTIVE,
        task_state=task_states.POWERING_OFF,
        power_state=power_state.RUNNING,
    )
    sync = PowerSync("h", host, InstanceLocks())
    sync._on_event(server, driver.LifecycleEvent.UNDEFINED, _no_stop)
    assert book.instance(server)["power_state"] == power_state.RUNNING
    with db.writer() as session:
        instance.change(
            session,
            book.instance(server),
            {
                "vm_state": vm_states.STOPPED,
                "task_state": None,
                "power_state": power_state.SHUTDOWN,
            },
        )
    sync.after_operation(server, False, _no_stop)
    assert book.instance(server)["power_state"] == power_state.NOSTATE
    assert book.states(server) == {"sync_power_state": "error"}
    # It is said once.
    sync.after_operation(server, False, _no_stop)
    assert book.states(server) == {"sync_power_state": "error"}
