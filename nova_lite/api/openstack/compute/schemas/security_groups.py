# SPDX-License-Identifier: Apache-2.0
"""Schemas of security groups, their rules, and those of servers."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

_TEXT: JSONSchema = {"type": "string", "minLength": 0, "maxLength": 255}


def _open(key: str, properties: JSONSchema, required: list[str]) -> JSONSchema:
    """A body below ``key``; what it does not name is passed over."""
    return {
        "type": "object",
        "properties": {
            key: {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": True,
            }
        },
        "required": [key],
        "additionalProperties": True,
    }


ANY_QUERY = Schema(types.EMPTY)

LIST = Schema(
    types.query(
        {
            "limit": types.many(types.LIMIT),
            "offset": types.many(types.LIMIT),
            "all_tenants": types.many({"type": "string"}),
        }
    )
)

GROUP = Schema(
    _open(
        "security_group",
        {"name": _TEXT, "description": _TEXT},
        ["name", "description"],
    )
)

RULE = Schema(
    _open(
        "security_group_rule",
        {
            "parent_group_id": types.UUID,
            "group_id": {"oneOf": [{"type": "null"}, types.UUID]},
            "ip_protocol": {},
            "from_port": {},
            "to_port": {},
            "cidr": {},
        },
        ["parent_group_id"],
    )
)


def _of_server(action: str) -> Schema:
    # A name of blanks is none.
    name: JSONSchema = {"type": "string", "minLength": 1, "pattern": r"\S"}
    return Schema(_open(action, {"name": name}, ["name"]))


ADD = _of_server("addSecurityGroup")
REMOVE = _of_server("removeSecurityGroup")
