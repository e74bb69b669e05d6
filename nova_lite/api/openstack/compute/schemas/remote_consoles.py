# SPDX-License-Identifier: Apache-2.0
"""Schemas of remote consoles, and of the actions that were before them."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Patch, Schema


def _one_of(*names: str) -> JSONSchema:
    return {"type": "string", "enum": list(names)}


def _also(field: str, name: str) -> Patch:
    """One more value of a field."""

    def patch(schema: JSONSchema) -> None:
        inside = schema["properties"]["remote_console"]["properties"]
        inside[field]["enum"].append(name)

    return patch


def _action(name: str, *types_: str) -> Schema:
    return Schema(types.body(name, {"type": _one_of(*types_)}, ("type",)))


# xvpvnc is no longer to be had anywhere, but is still a word.
GET_VNC = _action("os-getVNCConsole", "novnc", "xvpvnc")
GET_SPICE = _action("os-getSPICEConsole", "spice-html5")
GET_SERIAL = _action("os-getSerialConsole", "serial")

CREATE = Schema(
    types.body(
        "remote_console",
        {
            "protocol": _one_of("vnc", "spice", "serial"),
            "type": _one_of("novnc", "xvpvnc", "spice-html5", "serial"),
        },
        ("protocol", "type"),
    )
).since("2.8", _also("protocol", "mks"), _also("type", "webmks"))
