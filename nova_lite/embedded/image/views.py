# SPDX-License-Identifier: Apache-2.0
"""Images and members as the API shows them.

Source: the Image API v2 reference, "Show image" and "Show image member".
"""

from __future__ import annotations

import datetime
from typing import Any

from nova_lite.db.models.image import Image, ImageMember


def image(row: Image) -> dict[str, Any]:
    """One image; its own properties stand beside the base ones."""
    shown: dict[str, Any] = {p.name: p.value for p in row.properties}
    shown.update(mutable(row))
    shown |= {
        "id": row.id,
        "status": row.status,
        "checksum": row.checksum,
        "os_hash_algo": row.os_hash_algo,
        "os_hash_value": row.os_hash_value,
        "size": row.size_bytes,
        "virtual_size": row.virtual_size_bytes,
        "created_at": _time(row.created_at),
        "updated_at": _time(row.updated_at),
        "self": f"/v2/images/{row.id}",
        "file": f"/v2/images/{row.id}/file",
        "schema": "/v2/schemas/image",
    }
    return shown


def mutable(row: Image) -> dict[str, Any]:
    """The base attributes that a patch may change."""
    return {
        "name": row.name,
        "visibility": row.visibility,
        "protected": row.protected,
        "os_hidden": row.os_hidden,
        "owner": row.owner,
        "container_format": row.container_format,
        "disk_format": row.disk_format,
        "min_disk": row.min_disk_gb,
        "min_ram": row.min_ram_mb,
        "tags": [tag.tag for tag in row.tags],
    }


def member(row: ImageMember) -> dict[str, Any]:
    """One membership."""
    return {
        "image_id": row.image_id,
        "member_id": row.member,
        "status": row.status,
        "created_at": _time(row.created_at),
        "updated_at": _time(row.updated_at),
        "schema": "/v2/schemas/member",
    }


def _time(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
