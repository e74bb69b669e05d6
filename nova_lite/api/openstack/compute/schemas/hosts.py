# SPDX-License-Identifier: Apache-2.0
"""Schemas of hosts (to 2.42)."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

_SWITCH: JSONSchema = {
    "type": "string",
    "enum": ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"],
}

INDEX = Schema(types.query({"zone": types.many({"type": "string"})}))
EMPTY = Schema(types.EMPTY)
UPDATE = Schema(
    {
        "type": "object",
        "properties": {"status": _SWITCH, "maintenance_mode": _SWITCH},
        "additionalProperties": False,
        "anyOf": [
            {"required": ["status"]},
            {"required": ["maintenance_mode"]},
        ],
    }
)
