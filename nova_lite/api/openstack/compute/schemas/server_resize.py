# SPDX-License-Identifier: Apache-2.0
"""Schemas of resize, confirmResize, revertResize and migrate."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema, Value

RESIZE = Schema(
    types.body(
        "resize",
        {
            "flavorRef": types.FLAVOR_REF,
            "OS-DCF:diskConfig": types.DISK_CONFIG,
        },
        ("flavorRef",),
    )
)
CONFIRM_RESIZE = Schema(types.bare_action("confirmResize"))
REVERT_RESIZE = Schema(types.bare_action("revertResize"))

_TO_HOST: JSONSchema = {
    "type": ["object", "null"],
    "properties": {"host": {**types.HOST, "type": ["string", "null"]}},
    "additionalProperties": False,
}


def _with_host(schema: JSONSchema) -> None:
    schema["properties"]["migrate"] = _TO_HOST


MIGRATE = Schema(types.bare_action("migrate")).since("2.56", _with_host)
# Whether the body may name a host.
NAMES_HOST = Value(False).since("2.56", True)
