# SPDX-License-Identifier: Apache-2.0
"""Schemas of lock and unlock."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

_REASON: JSONSchema = {
    "type": ["object", "null"],
    "properties": {"locked_reason": types.TEXT},
    "additionalProperties": False,
}


def _with_reason(schema: JSONSchema) -> None:
    schema["properties"]["lock"] = _REASON


LOCK = Schema(types.bare_action("lock")).since("2.73", _with_reason)
UNLOCK = Schema(types.bare_action("unlock"))
