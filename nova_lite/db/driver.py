# SPDX-License-Identifier: Apache-2.0
"""Loads PyMySQL without the library of ciphers that it rarely needs.

Only a server that asks for a password by RSA makes it use cryptography,
which takes 7 MiB of each daemon: so that is loaded when it is first used.
Called by db/session.py, before the first engine is made.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


class _Later(MetaPathFinder):
    """Finds modules of one package, to be run at their first use."""

    def __init__(self, package: str) -> None:
        self._prefix = f"{package}."

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if not fullname.startswith(self._prefix):
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is not None and found.loader is not None:
            found.loader = LazyLoader(found.loader)
        return found


def load_pymysql() -> None:
    """Import it, unless that was done before."""
    later = _Later("cryptography")
    sys.meta_path.insert(0, later)
    try:
        importlib.import_module("pymysql")
    finally:
        sys.meta_path.remove(later)
