# SPDX-License-Identifier: Apache-2.0
"""Schema of events from other services."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Patch, Schema

_EVENT: JSONSchema = {
    "type": "object",
    "properties": {
        "server_uuid": types.UUID,
        "name": {
            "type": "string",
            "enum": [
                "network-changed",
                "network-vif-plugged",
                "network-vif-unplugged",
                "network-vif-deleted",
            ],
        },
        "status": {
            "type": "string",
            "enum": ["failed", "completed", "in-progress"],
        },
        "tag": {"type": "string", "maxLength": 255},
    },
    "required": ["server_uuid", "name"],
    "additionalProperties": False,
}


def _also(name: str) -> Patch:
    """One more name of an event."""

    def patch(schema: JSONSchema) -> None:
        item = schema["properties"]["events"]["items"]
        item["properties"]["name"]["enum"].append(name)

    return patch


CREATE = (
    Schema(
        {
            "type": "object",
            "properties": {
                "events": {"type": "array", "minItems": 1, "items": _EVENT}
            },
            "required": ["events"],
            "additionalProperties": False,
        }
    )
    .since("2.51", _also("volume-extended"))
    .since("2.76", _also("power-update"))
    .since("2.82", _also("accelerator-request-bound"))
    .since("2.93", _also("volume-reimaged"))
)
