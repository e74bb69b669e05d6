# SPDX-License-Identifier: Apache-2.0
"""Schemas of the metadata of servers."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema


def _body(key: str, value: JSONSchema) -> Schema:
    return Schema(
        {
            "type": "object",
            "properties": {key: value},
            "required": [key],
            "additionalProperties": False,
        }
    )


ITEMS = _body("metadata", types.METADATA)
ITEM = _body(
    "meta", {**types.METADATA, "minProperties": 1, "maxProperties": 1}
)
