# SPDX-License-Identifier: Apache-2.0
"""What a check found."""

from __future__ import annotations

import dataclasses
import enum


class Level(enum.IntEnum):
    """How bad it is; the highest of all is the exit status."""

    OK = 0
    WARNING = 1
    FAULT = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One fact; ``fix`` is what to do or to run when it is not OK."""

    check: str
    level: Level
    text: str
    fix: str = ""


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, fix: str) -> Finding:
    """It works, but not as it should."""
    return Finding(check, Level.WARNING, text, fix)


def fault(check: str, text: str, fix: str) -> Finding:
    """It cannot work."""
    return Finding(check, Level.FAULT, text, fix)
