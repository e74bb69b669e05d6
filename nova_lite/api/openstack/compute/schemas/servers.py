# SPDX-License-Identifier: Apache-2.0
"""Schemas of servers."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import (
    JSONSchema,
    Patch,
    Schema,
    add,
    remove,
    require,
)

_HINTS: JSONSchema = {
    "type": "object",
    "properties": {
        "group": types.UUID,
        "different_host": {
            "oneOf": [types.UUID, {"type": "array", "items": types.UUID}]
        },
        "same_host": {"type": ["string", "array"], "items": types.UUID},
        "query": {"type": ["string", "object"]},
        # There are no cells; the two are only checked.
        "target_cell": types.NAME,
        "different_cell": {
            "type": ["string", "array"],
            "items": {"type": "string"},
        },
        "build_near_host_ip": types.IP,
        "cidr": {"type": "string", "pattern": "^/[0-9a-f.:]+$"},
    },
    "additionalProperties": True,
}
_PORT: JSONSchema = {"oneOf": [types.UUID, {"type": "null"}]}
_VOLUME_SIZE = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]+$",
    "minimum": 1,
    "maximum": types.MAX_INT,
}
_DEVICE_V1: dict[str, Any] = {
    "virtual_name": {"type": "string", "maxLength": 255},
    "volume_id": types.UUID,
    "snapshot_id": types.UUID,
    "volume_size": _VOLUME_SIZE,
    "device_name": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[a-zA-Z0-9._/-]*$",
    },
    "delete_on_termination": types.BOOLEAN,
    "no_device": {},
    "connection_info": {"type": "string", "maxLength": 16777215},
}
_DEVICE_V2: dict[str, Any] = {
    **_DEVICE_V1,
    "source_type": {
        "type": "string",
        "enum": ["volume", "image", "snapshot", "blank"],
    },
    "uuid": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[a-zA-Z0-9._-]*$",
    },
    "image_id": types.UUID,
    "destination_type": {"type": "string", "enum": ["local", "volume"]},
    "guest_format": {"type": "string", "maxLength": 255},
    "device_type": {"type": "string", "maxLength": 255},
    "disk_bus": {"type": "string", "maxLength": 255},
    "boot_index": {
        "type": ["integer", "string", "null"],
        "pattern": "^-?[0-9]+$",
        "maxLength": 10,
    },
}


def _objects(properties: dict[str, Any]) -> JSONSchema:
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        },
    }


def _networks(uuid: JSONSchema, **more: JSONSchema) -> JSONSchema:
    return _objects(
        {"fixed_ip": types.IP, "port": _PORT, "uuid": uuid, **more}
    )


def _networks_or_word(**more: JSONSchema) -> JSONSchema:
    words = {"type": "string", "enum": ["none", "auto"]}
    return {"oneOf": [_networks(types.UUID, **more), words]}


def _device(**properties: JSONSchema) -> Patch:
    """Add properties to the second form of block devices."""

    def patch(schema: JSONSchema) -> None:
        server = schema["properties"]["server"]["properties"]
        items = server["block_device_mapping_v2"]["items"]
        items["properties"].update(properties)

    return patch


def _no_device_tag(schema: JSONSchema) -> None:
    server = schema["properties"]["server"]["properties"]
    server["block_device_mapping_v2"]["items"]["properties"].pop("tag")


ACCESS: dict[str, JSONSchema] = {
    "accessIPv4": types.IPV4,
    "accessIPv6": types.IPV6,
}
PERSONALITY = _objects(
    {
        "path": {"type": "string"},
        "contents": {"type": "string", "format": "base64"},
    }
)
USER_DATA: JSONSchema = {
    "type": "string",
    "format": "base64",
    "maxLength": 65535,
}
_CREATE = types.body(
    "server",
    {
        "name": types.NAME,
        "imageRef": {
            "oneOf": [types.UUID, {"type": "string", "maxLength": 0}]
        },
        "flavorRef": {
            "type": ["string", "integer"],
            "minLength": 1,
            "maxLength": 255,
            "maximum": types.MAX_INT,
            "minimum": 0,
        },
        "adminPass": types.ADMIN_PASSWORD,
        "metadata": types.METADATA,
        "networks": _networks({"type": "string", "maxLength": 255}),
        "OS-DCF:diskConfig": types.DISK_CONFIG,
        **ACCESS,
        "personality": PERSONALITY,
        "availability_zone": types.NAME,
        "block_device_mapping": _objects(_DEVICE_V1),
        "block_device_mapping_v2": _objects(_DEVICE_V2),
        "config_drive": types.BOOLEAN,
        "key_name": types.NAME,
        "min_count": types.integer(1),
        "max_count": types.integer(1),
        "return_reservation_id": types.BOOLEAN,
        "security_groups": _objects({"name": types.NAME}),
        "user_data": USER_DATA,
    },
    ("name", "flavorRef"),
)
for _name in ("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"):
    _CREATE["properties"][_name] = _HINTS

_TAGGED = _networks({"type": "string", "maxLength": 255}, tag=types.TAG)
CERTIFICATES: JSONSchema = {
    "type": ["array", "null"],
    "minItems": 1,
    "maxItems": 50,
    "uniqueItems": True,
    "items": types.TEXT,
}

CREATE = (
    Schema(_CREATE)
    .since("2.19", add("server", description=types.DESCRIPTION))
    .since("2.32", add("server", networks=_TAGGED), _device(tag=types.TAG))
    .since("2.33", _no_device_tag)
    .since(
        "2.37",
        add("server", networks=_networks_or_word()),
        require(["server"], "networks"),
    )
    .since(
        "2.42",
        add("server", networks=_networks_or_word(tag=types.TAG)),
        _device(tag=types.TAG),
    )
    .since(
        "2.52",
        add(
            "server",
            tags={"type": "array", "items": types.TAG, "maxItems": 50},
        ),
    )
    .since("2.57", remove(["server"], "personality"))
    .since("2.63", add("server", trusted_image_certificates=CERTIFICATES))
    .since(
        "2.67",
        _device(
            volume_type={
                "type": ["string", "null"],
                "minLength": 0,
                "maxLength": 255,
            }
        ),
    )
    .since(
        "2.74",
        add("server", host=types.HOST, hypervisor_hostname=types.HOST),
    )
    .since("2.90", add("server", hostname=types.HOSTNAME))
    .since("2.94", add("server", hostname=types.HOST))
)

UPDATE = (
    Schema(
        types.body(
            "server",
            {
                "name": types.NAME,
                "OS-DCF:diskConfig": types.DISK_CONFIG,
                **ACCESS,
            },
        )
    )
    .since("2.19", add("server", description=types.DESCRIPTION))
    .since("2.90", add("server", hostname=types.HOSTNAME))
    .since("2.94", add("server", hostname=types.HOST))
)
