# SPDX-License-Identifier: Apache-2.0
"""The objects that daemons send to one another.

``register_all`` imports every module here, so that a received object's name
can be found.
"""

from __future__ import annotations

import importlib
import pkgutil


def register_all() -> None:
    """Make every object class known to the serializer."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
