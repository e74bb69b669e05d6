# SPDX-License-Identifier: Apache-2.0
"""The tables, one module per aggregate; importing this loads them all."""

from __future__ import annotations

import importlib
import pkgutil

from nova_lite.db.models.base import Base

__all__ = ["Base", "load_all"]


def load_all() -> None:
    """Import every model module, so that Base.metadata is complete."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
