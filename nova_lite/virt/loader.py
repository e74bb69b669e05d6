# SPDX-License-Identifier: Apache-2.0
"""Finds the hypervisor driver; called once by nova-lite-compute at start."""

from __future__ import annotations

from typing import Any

from stevedore import driver as stevedore_driver
from stevedore import exception as stevedore_exception
from stevedore import extension

from nova_lite import exception
from nova_lite.virt import driver

NAMESPACE = "nova_lite.virt"


def load_driver(name: str, virtapi: driver.VirtAPI) -> driver.ComputeDriver:
    """Make the driver whose entry point is called ``name``.

    Raises: ConfigurationError.
    """
    try:
        found: Any = stevedore_driver.DriverManager(
            NAMESPACE,
            name,
            invoke_on_load=True,
            invoke_args=(virtapi,),
            on_load_failure_callback=_raise_load_failure,
        )
    except stevedore_exception.NoMatches as error:
        known = sorted(
            extension.ExtensionManager(NAMESPACE).entry_points_names()
        )
        raise exception.ConfigurationError(
            reason=f"compute_driver is {name!r}, but only these are "
            f"installed: {', '.join(known) or 'none'}"
        ) from error
    made = found.driver
    if not isinstance(made, driver.ComputeDriver):
        raise exception.ConfigurationError(
            reason=f"compute_driver {name!r} is no ComputeDriver"
        )
    return made


def _raise_load_failure(
    _manager: object, entry_point: object, error: BaseException
) -> None:
    raise exception.ConfigurationError(
        reason=f"compute_driver {getattr(entry_point, 'name', '')!r} cannot "
        f"be loaded: {error}"
    ) from error
