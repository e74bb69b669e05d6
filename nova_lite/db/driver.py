# SPDX-License-Identifier: Apache-2.0
"""Loads PyMySQL: lighter, and quicker with what it has read before.

Only a server that asks for a password by RSA makes it use cryptography,
which takes 7 MiB of each daemon. PyMySQL is given stand-ins for the modules
that it imports; they load the real ones when something of them is used.

Each answer of a server describes its columns anew, and taking that apart
costs more than the values of a row. The same bytes mean the same column, so
those that were taken apart of late are kept.
Called by db/session.py, before the first engine is made.
"""

from __future__ import annotations

import functools
import importlib
import sys
from types import ModuleType
from typing import Any

_CIPHERS = (
    "cryptography.hazmat.primitives.serialization",
    "cryptography.hazmat.primitives.hashes",
    "cryptography.hazmat.primitives.asymmetric.padding",
)
# Columns: those of what the API is mostly asked for.
_KEPT = 256


class _StandIn(ModuleType):
    """Looks up in the module of its name, which that loads."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # The import machinery asks for these.
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def load_pymysql() -> None:
    """Import it, unless that was done before."""
    missing = [name for name in _CIPHERS if name not in sys.modules]
    sys.modules.update({name: _StandIn(name) for name in missing})
    try:
        importlib.import_module("pymysql")
    finally:
        for name in missing:
            del sys.modules[name]
    _keep_columns()


def _keep_columns() -> None:
    connections: Any = importlib.import_module("pymysql.connections")
    column = connections.FieldDescriptorPacket
    if isinstance(column, type):  # not kept yet
        kept = functools.lru_cache(_KEPT)(column)
        connections.FieldDescriptorPacket = kept
