# SPDX-License-Identifier: Apache-2.0
"""Diagnostics of a guest on this host; called by the compute manager."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.objects.diagnostics import InstanceDiagnostics
from nova_lite.virt.driver import ComputeDriver


def free_form(driver: ComputeDriver, uuid: str) -> dict[str, Any]:
    """The driver's own names and numbers.

    Raises: InstanceInvalidState for a guest that does not run.
    """
    _check_runs(driver, uuid)
    return driver.get_diagnostics(uuid)


def standard(driver: ComputeDriver, uuid: str) -> InstanceDiagnostics:
    """The form that all drivers share.

    Raises: InstanceInvalidState for a guest that does not run.
    """
    _check_runs(driver, uuid)
    found = asdict(driver.get_instance_diagnostics(uuid))
    return InstanceDiagnostics(
        **{
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
        }
    )


def _check_runs(driver: ComputeDriver, uuid: str) -> None:
    try:
        state = driver.get_info(uuid).state
    except exception.GuestNotFound:
        state = power_state.NOSTATE
    if state != power_state.RUNNING:
        raise exception.InstanceInvalidState(
            method="get_diagnostics",
            instance_uuid=uuid,
            attr="power state",
            state=power_state.NAMES[state],
        )
