# SPDX-License-Identifier: Apache-2.0
"""One stream of lines from many daemons, each with its daemon's name.

Used by the nova-lite-all process, from one thread for each child.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TextIO

_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class Output:
    """Writes whole lines, prefixed and, on a terminal, coloured."""

    def __init__(self, stream: TextIO, width: int = 14) -> None:
        self._stream = stream
        self._width = width
        self._lock = threading.Lock()
        self._colours: dict[str, int] = {}
        self._coloured = stream.isatty()

    def line(self, name: str, text: str) -> None:
        """Write one line for the daemon ``name``."""
        prefix = f"{name:<{self._width}} | "
        with self._lock:
            if self._coloured:
                prefix = f"\x1b[{self._colour(name)}m{prefix}\x1b[0m"
            # A reader that went away must not stop the daemons: their
            # pipes are read on, and the lines are lost.
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(f"{prefix}{text}\n")
                self._stream.flush()

    def _colour(self, name: str) -> int:
        used = len(self._colours)
        return self._colours.setdefault(name, _COLOURS[used % len(_COLOURS)])
