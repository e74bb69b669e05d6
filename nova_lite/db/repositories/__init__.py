# SPDX-License-Identifier: Apache-2.0
"""Statements, one module per aggregate.

A function that takes a session is a part of its caller's transaction; one
that does not is a transaction of its own, retried while the database is
busy or away. Rows go out as dicts.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from nova_lite.objects import base


def register() -> None:
    """Let the objects of this process reach the database.

    A repository is imported when an object first asks for it: no daemon
    but conductor needs more than a few.
    """
    base.set_repositories(_repository)


def _repository(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
