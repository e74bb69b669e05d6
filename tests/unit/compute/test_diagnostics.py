# SPDX-License-Identifier: Apache-2.0
"""Only guests that run have diagnostics."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from nova_lite import exception
from nova_lite.compute import diagnostics
from nova_lite.virt import driver, loader
from tests.fixtures.hypervisor import (
    ImageShelf,
    ignore_progress,
    make_spec,
    virt_options,
)

__all__ = ["virt_options"]


@pytest.fixture
def hypervisor(
    virt_options: Callable[..., None],
) -> Iterator[driver.ComputeDriver]:
    made = loader.load_driver("fake", ImageShelf({}))
    made.init_host("host1")
    yield made
    made.cleanup_host()


def test_a_guest_that_runs(hypervisor: driver.ComputeDriver) -> None:
    spec = make_spec(vcpus=2)
    hypervisor.spawn(spec, ignore_progress)

    found = diagnostics.standard(hypervisor, spec.uuid)

    assert found.state == "running"
    assert [cpu["id"] for cpu in found.cpu_details] == [0, 1]
    assert found.memory_details == {"maximum": 32, "used": 32}
    assert found.nic_details == []
    assert diagnostics.free_form(hypervisor, spec.uuid)["memory"] == 32768


@pytest.mark.parametrize("ask", [diagnostics.free_form, diagnostics.standard])
def test_a_guest_that_does_not(
    hypervisor: driver.ComputeDriver,
    ask: Callable[[driver.ComputeDriver, str], object],
) -> None:
    spec = make_spec()
    hypervisor.spawn(spec, ignore_progress)
    hypervisor.power_off(spec.uuid)

    with pytest.raises(
        exception.InstanceInvalidState, match="power state shutdown"
    ):
        ask(hypervisor, spec.uuid)
    with pytest.raises(
        exception.InstanceInvalidState, match="power state pending"
    ):
        ask(hypervisor, str(uuid.uuid4()))
