# SPDX-License-Identifier: Apache-2.0
"""Schemas of the interfaces of servers."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema, add

LIST = Schema(types.EMPTY)

_FIXED_IP: JSONSchema = {
    "type": "object",
    "properties": {"ip_address": types.IP},
    "required": ["ip_address"],
    "additionalProperties": False,
}
# The body may be empty: any network will do then.
_CREATE: JSONSchema = {
    "type": "object",
    "properties": {
        "interfaceAttachment": {
            "type": "object",
            "properties": {
                "net_id": types.UUID,
                "port_id": types.UUID,
                "fixed_ips": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": _FIXED_IP,
                },
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}

CREATE = Schema(_CREATE).since(
    "2.49", add("interfaceAttachment", tag=types.TAG)
)
