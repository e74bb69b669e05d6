# SPDX-License-Identifier: Apache-2.0
"""One operation on a server in each module; see nova_lite.operation."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nova_lite.operation import Operation


def all_operations() -> list[type[Operation]]:
    """Every operation that a compute can run."""
    from nova_lite.operation import Operation

    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    found: list[type[Operation]] = []
    waiting = list(Operation.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if hasattr(kind, "row"):
            found.append(kind)
    return found
