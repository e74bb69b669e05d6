# SPDX-License-Identifier: Apache-2.0
"""Schemas of start, stop, reboot and trigger_crash_dump."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

START = Schema(types.bare_action("os-start"))
STOP = Schema(types.bare_action("os-stop"))
REBOOT = Schema(
    types.body(
        "reboot",
        {"type": {"enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]}},
        required=("type",),
    )
)
TRIGGER_CRASH_DUMP = Schema(
    {
        "type": "object",
        "properties": {"trigger_crash_dump": {"type": "null"}},
        "required": ["trigger_crash_dump"],
        "additionalProperties": False,
    }
)
