# SPDX-License-Identifier: Apache-2.0
"""Schemas of shelve, shelveOffload and unshelve."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

SHELVE = Schema(types.bare_action("shelve"))
SHELVE_OFFLOAD = Schema(types.bare_action("shelveOffload"))

# Before 2.77 whatever stands there is passed over.
_TO_ZONE: JSONSchema = {
    "type": ["object", "null"],
    "properties": {"availability_zone": types.NAME},
    "required": ["availability_zone"],
    "additionalProperties": False,
}
_TO_HOST: JSONSchema = {
    "type": ["object", "null"],
    "properties": {
        "availability_zone": {"type": ["string", "null"]},
        "host": {"type": "string"},
    },
    "additionalProperties": False,
}


def _to_zone(schema: JSONSchema) -> None:
    schema["properties"]["unshelve"] = _TO_ZONE


def _to_host(schema: JSONSchema) -> None:
    schema["properties"]["unshelve"] = _TO_HOST


UNSHELVE = (
    Schema(types.bare_action("unshelve"))
    .since("2.77", _to_zone)
    .since("2.91", _to_host)
)
