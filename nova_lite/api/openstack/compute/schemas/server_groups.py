# SPDX-License-Identifier: Apache-2.0
"""Schemas of server groups."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import (
    Schema,
    add,
    remove,
    require,
    strict,
)

_HARD = ["affinity", "anti-affinity"]
_ALL = [*_HARD, "soft-affinity", "soft-anti-affinity"]


def _policies(names: list[str]) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string", "enum": names},
        "uniqueItems": True,
        "minItems": 1,
        "maxItems": 1,
    }


_RULES = {
    "type": "object",
    "properties": {"max_server_per_host": types.integer(1)},
    "additionalProperties": False,
}

CREATE = (
    Schema(
        types.body(
            "server_group",
            {"name": types.NAME, "policies": _policies(_HARD)},
            ("name", "policies"),
        )
    )
    .since("2.15", add("server_group", policies=_policies(_ALL)))
    .since(
        "2.64",
        remove(["server_group"], "policies"),
        add(
            "server_group",
            policy={"type": "string", "enum": _ALL},
            rules=_RULES,
        ),
        require(["server_group"], "policy"),
    )
)

INDEX = Schema(
    types.query(
        {
            "all_projects": types.many({"type": "string"}),
            "limit": types.many(types.LIMIT),
            "offset": types.many(types.LIMIT),
        }
    )
).since("2.75", strict())
