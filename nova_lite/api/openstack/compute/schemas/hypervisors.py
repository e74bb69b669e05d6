# SPDX-License-Identifier: Apache-2.0
"""Schemas of the queries of hypervisors."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema, add_named

_WITH_SERVERS = {"with_servers": types.one(types.BOOLEAN)}


def _strict_index(schema: JSONSchema) -> None:
    schema["properties"] = {
        "limit": types.one(types.LIMIT),
        "marker": types.one({"type": "string", "maxLength": 255}),
        "hypervisor_hostname_pattern": types.one(types.HOST),
        **_WITH_SERVERS,
    }
    schema["additionalProperties"] = False


def _strict_show(schema: JSONSchema) -> None:
    schema["properties"] = dict(_WITH_SERVERS)
    schema["additionalProperties"] = False


INDEX = (
    Schema(types.query({}))
    .since("2.33", add_named([], types.PAGING))
    .since("2.53", _strict_index)
)
EMPTY = Schema(types.EMPTY)
SHOW = Schema(types.query({})).since("2.53", _strict_show)
