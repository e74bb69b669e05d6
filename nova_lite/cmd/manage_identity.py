# SPDX-License-Identifier: Apache-2.0
"""The users, projects and bootstrap of nova-lite-manage."""

from __future__ import annotations

from nova_lite.cmd import arguments


def add(groups: arguments.Groups) -> None:
    """Add these groups of commands to the parser."""
