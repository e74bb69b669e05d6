# SPDX-License-Identifier: Apache-2.0
"""Schemas of aggregates and of what is done with them."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

_ZONE: JSONSchema = {
    "type": ["string", "null"],
    "minLength": 1,
    "maxLength": 255,
    "format": "name",
    # A colon begins the host in "zone:host".
    "pattern": "^[^:]*$",
}
_HOST: JSONSchema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": types.HOST["pattern"],
}
_METADATA: JSONSchema = {
    "type": "object",
    "patternProperties": {
        r"^[a-zA-Z0-9-_:. ]{1,255}$": {
            "type": ["string", "null"],
            "maxLength": 255,
        }
    },
    "additionalProperties": False,
}

QUERY = Schema(types.EMPTY)

CREATE = Schema(
    types.body(
        "aggregate",
        {"name": types.NAME, "availability_zone": _ZONE},
        ("name",),
    )
)

_UPDATE = types.body(
    "aggregate",
    {
        "name": {**types.NAME, "format": "name-with-spaces"},
        "availability_zone": _ZONE,
    },
)
_UPDATE["properties"]["aggregate"]["anyOf"] = [
    {"required": ["name"]},
    {"required": ["availability_zone"]},
]
UPDATE = Schema(_UPDATE)

ADD_HOST = Schema(types.body("add_host", {"host": _HOST}, ("host",)))
REMOVE_HOST = Schema(types.body("remove_host", {"host": _HOST}, ("host",)))
SET_METADATA = Schema(
    types.body("set_metadata", {"metadata": _METADATA}, ("metadata",))
)

IMAGES = Schema(
    {
        "type": "object",
        "properties": {
            "cache": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {"id": types.UUID},
                    "required": ["id"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["cache"],
        "additionalProperties": False,
    }
)
