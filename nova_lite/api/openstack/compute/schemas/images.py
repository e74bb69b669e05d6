# SPDX-License-Identifier: Apache-2.0
"""Schemas of the image proxy."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

_TEXT = types.many({"type": "string", "maxLength": 255})

# A page of nothing is none, unlike elsewhere.
_POSITIVE: JSONSchema = {
    **types.LIMIT,
    "pattern": "^0*[1-9][0-9]*$",
}

LIST = Schema(
    types.query(
        {
            "name": _TEXT,
            "status": _TEXT,
            "changes-since": _TEXT,
            "server": _TEXT,
            "type": _TEXT,
            "minRam": _TEXT,
            "minDisk": _TEXT,
            "limit": types.many(_POSITIVE),
            "page_size": types.many(_POSITIVE),
            "offset": types.many(_POSITIVE),
            "marker": types.PAGING["marker"],
        }
    )
)

_ONE: JSONSchema = {
    **types.METADATA,
    "minProperties": 1,
    "maxProperties": 1,
}


def _body(key: str, value: JSONSchema) -> JSONSchema:
    return {
        "type": "object",
        "properties": {key: value},
        "required": [key],
        "additionalProperties": False,
    }


METADATA = Schema(_body("metadata", types.METADATA))
META = Schema(_body("meta", _ONE))
