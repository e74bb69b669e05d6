# SPDX-License-Identifier: Apache-2.0
"""Schema of the query of the stream of server events."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

# Microseconds since 1970; 16 digits last until 2286.
CURSOR: JSONSchema = {"type": "string", "pattern": "^[0-9]{1,16}$"}

QUERY = Schema(
    {
        "type": "object",
        "properties": {
            "all_tenants": types.one(types.BOOLEAN),
            "last_event_id": types.one(CURSOR),
            "snapshot": types.one(types.BOOLEAN),
        },
        "additionalProperties": False,
    }
)
