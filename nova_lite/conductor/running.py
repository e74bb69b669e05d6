# SPDX-License-Identifier: Apache-2.0
"""The actions that a process is running, so that it takes none twice."""

from __future__ import annotations

import threading
from collections.abc import Iterable


class Running:
    """A set of action ids, safe between threads."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._changed = threading.Condition()

    def add(self, ids: Iterable[int]) -> list[int]:
        """Mark actions as running; those that were not yet."""
        with self._changed:
            new = [one for one in ids if one not in self._ids]
            self._ids.update(new)
            return new

    def remove(self, ids: Iterable[int]) -> None:
        """They are no longer running."""
        with self._changed:
            self._ids.difference_update(ids)
            self._changed.notify_all()

    def ids(self) -> list[int]:
        """What is running now."""
        with self._changed:
            return list(self._ids)

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until nothing runs; False when time ran out."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._ids, timeout=timeout_s
            )
