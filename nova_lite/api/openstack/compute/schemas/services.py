# SPDX-License-Identifier: Apache-2.0
"""Schemas of services."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema, add, strict

_TEXT = types.many({"type": "string"})

INDEX = Schema(types.query({"host": _TEXT, "binary": _TEXT})).since(
    "2.75", strict()
)

# By host and binary; the URL says what to do.
UPDATE_NAMED = Schema(
    {
        "type": "object",
        "properties": {
            "host": types.HOST,
            "binary": types.TEXT,
            "disabled_reason": types.TEXT,
        },
        "required": ["host", "binary"],
        "additionalProperties": False,
    }
).since("2.11", add(forced_down=types.BOOLEAN))

UPDATE = Schema(
    {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["enabled", "disabled"]},
            "disabled_reason": types.TEXT,
            "forced_down": types.BOOLEAN,
        },
        "additionalProperties": False,
    }
)
