# SPDX-License-Identifier: Apache-2.0
"""What an image and a member look like: for validation and for clients.

``GET /v2/schemas/image`` gives the same tables that the requests are checked
with. Source: the Image API v2 reference, "Image Schemas".
"""

from __future__ import annotations

from typing import Any

import jsonschema

from nova_lite import exception

CONTAINER_FORMATS = (
    "ami",
    "ari",
    "aki",
    "bare",
    "ovf",
    "ova",
    "docker",
    "compressed",
)
DISK_FORMATS = (
    "ami",
    "ari",
    "aki",
    "vhd",
    "vhdx",
    "vmdk",
    "raw",
    "qcow2",
    "vdi",
    "iso",
    "ploop",
)
VISIBILITIES = ("community", "public", "private", "shared")
STATUSES = ("queued", "saving", "active", "deactivated")
MEMBER_STATUSES = ("pending", "accepted", "rejected")

_UUID = (
    "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}"
    "-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
)
_INT_MAX = 2147483647
_TIME = {"type": "string", "readOnly": True}
_READ_ONLY_TEXT = {"type": ["null", "string"], "readOnly": True}
_READ_ONLY_INT = {"type": ["null", "integer"], "readOnly": True}

BASE: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "pattern": _UUID},
    "name": {"type": ["null", "string"], "maxLength": 255},
    "status": {
        "type": "string",
        "enum": list(STATUSES),
        "readOnly": True,
    },
    "visibility": {"type": "string", "enum": list(VISIBILITIES)},
    "protected": {"type": "boolean"},
    "os_hidden": {"type": "boolean"},
    "owner": {"type": ["null", "string"], "maxLength": 255},
    "checksum": _READ_ONLY_TEXT,
    "os_hash_algo": _READ_ONLY_TEXT,
    "os_hash_value": _READ_ONLY_TEXT,
    "size": _READ_ONLY_INT,
    "virtual_size": _READ_ONLY_INT,
    "container_format": {
        "type": ["null", "string"],
        "enum": [None, *CONTAINER_FORMATS],
    },
    "disk_format": {
        "type": ["null", "string"],
        "enum": [None, *DISK_FORMATS],
    },
    "min_disk": {"type": "integer", "minimum": 0, "maximum": _INT_MAX},
    "min_ram": {"type": "integer", "minimum": 0, "maximum": _INT_MAX},
    "tags": {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "created_at": _TIME,
    "updated_at": _TIME,
    "self": {"type": "string", "readOnly": True},
    "file": {"type": "string", "readOnly": True},
    "schema": {"type": "string", "readOnly": True},
    "direct_url": {"type": "string", "readOnly": True},
}
READ_ONLY = frozenset(
    name for name, schema in BASE.items() if schema.get("readOnly")
)
# Names that are Glance's own and mean nothing here.
RESERVED = frozenset(
    {"locations", "deleted", "deleted_at", "is_public", "properties"}
)

IMAGE: dict[str, Any] = {
    "name": "image",
    "properties": BASE,
    "additionalProperties": {"type": "string", "maxLength": 65535},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
MEMBER: dict[str, Any] = {
    "name": "member",
    "properties": {
        "image_id": {"type": "string", "pattern": _UUID},
        "member_id": {"type": "string"},
        "status": {"type": "string", "enum": list(MEMBER_STATUSES)},
        "created_at": {"type": "string"},
        "updated_at": {"type": "string"},
        "schema": {"type": "string", "readOnly": True},
    },
}


def _collection(of: dict[str, Any], key: str) -> dict[str, Any]:
    return {
        "name": key,
        "properties": {
            key: {"type": "array", "items": of},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


DOCUMENTS = {
    "image": IMAGE,
    "images": _collection(IMAGE, "images"),
    "member": MEMBER,
    "members": _collection(MEMBER, "members"),
}

_IMAGE_CHECK = jsonschema.Draft202012Validator(
    {
        "type": "object",
        "properties": BASE,
        "propertyNames": {"minLength": 1, "maxLength": 255},
        "additionalProperties": IMAGE["additionalProperties"],
    }
)


def check_image(document: dict[str, Any]) -> None:
    """Check an image as a request gives it, or as a patch makes it.

    Raises: ValidationError with a sentence for the first fault.
    """
    fault = next(_IMAGE_CHECK.iter_errors(document), None)
    if fault is None:
        return
    where = ".".join(str(part) for part in fault.absolute_path)
    place = f"'{where}'" if where else "image"
    raise exception.ValidationError(
        detail=f"Provided {place} is not valid: {fault.message[:300]}"
    )


def check_writable(names: set[str]) -> None:
    """Refuse names that a request cannot set.

    Raises: Forbidden.
    """
    for name in sorted(names):
        if name in READ_ONLY:
            raise exception.Forbidden(f"Attribute '{name}' is read-only.")
        if name in RESERVED:
            raise exception.Forbidden(f"Attribute '{name}' is reserved.")
