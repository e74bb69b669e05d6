# SPDX-License-Identifier: Apache-2.0
"""Schemas of flavors, their extra specs and their access."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema, add, strict
from nova_lite.db.repositories import flavor

_DESCRIPTION = {
    "type": ["string", "null"],
    "minLength": 0,
    "maxLength": 65535,
    "pattern": types.DESCRIPTION["pattern"],
}
_SPEC_KEY = r"^[a-zA-Z0-9-_:. ]{1,255}$"
_SPECS = {
    "type": "object",
    "patternProperties": {
        _SPEC_KEY: {
            "type": ["string", "number"],
            "minLength": 0,
            "maxLength": 255,
        }
    },
    "additionalProperties": False,
}

CREATE = Schema(
    types.body(
        "flavor",
        {
            "id": {
                "type": ["string", "number", "null"],
                "minLength": 1,
                "maxLength": 255,
                "pattern": r"^(?! )[a-zA-Z0-9. _-]+(?<! )$",
            },
            "name": types.NAME,
            "ram": types.integer(1),
            "vcpus": types.integer(1),
            "disk": types.integer(0),
            "OS-FLV-EXT-DATA:ephemeral": types.integer(0),
            "swap": types.integer(0),
            "rxtx_factor": {
                "type": ["number", "string"],
                "pattern": r"^[0-9]+(\.[0-9]+)?$",
                "exclusiveMinimum": 0,
                "maximum": 3.40282e38,
                "maxLength": 40,
            },
            "os-flavor-access:is_public": types.BOOLEAN,
        },
        ("name", "ram", "vcpus", "disk"),
    )
).since("2.55", add("flavor", description=_DESCRIPTION))

UPDATE = Schema(
    types.body("flavor", {"description": _DESCRIPTION}, ("description",))
)

_INDEX = {
    **types.PAGING,
    "is_public": types.many({"type": "string", "maxLength": 30}),
    "minRam": types.many({"type": "string", "maxLength": 30}),
    "minDisk": types.many({"type": "string", "maxLength": 30}),
    "sort_key": types.many(
        {"type": "string", "enum": sorted(flavor.SORT_KEYS)}
    ),
    "sort_dir": types.many({"type": "string", "enum": ["asc", "desc"]}),
}
INDEX = Schema(types.query(_INDEX)).since("2.75", strict())

CREATE_SPECS = Schema(
    {
        "type": "object",
        "properties": {"extra_specs": _SPECS},
        "required": ["extra_specs"],
        "additionalProperties": False,
    }
)
UPDATE_SPEC = Schema({**_SPECS, "minProperties": 1, "maxProperties": 1})


def _access(action: str) -> Schema:
    return Schema(types.body(action, {"tenant": types.PROJECT}, ("tenant",)))


ADD_ACCESS = _access("addTenantAccess")
REMOVE_ACCESS = _access("removeTenantAccess")
