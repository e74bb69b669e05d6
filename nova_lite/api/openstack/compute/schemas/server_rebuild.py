# SPDX-License-Identifier: Apache-2.0
"""Schema of the action rebuild."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.compute.schemas.servers import (
    ACCESS,
    CERTIFICATES,
    PERSONALITY,
    USER_DATA,
)
from nova_lite.api.openstack.versioned import Schema, add, remove

REBUILD = (
    Schema(
        types.body(
            "rebuild",
            {
                "name": types.NAME,
                "imageRef": types.UUID,
                "adminPass": types.ADMIN_PASSWORD,
                "metadata": types.METADATA,
                "preserve_ephemeral": types.BOOLEAN,
                "OS-DCF:diskConfig": types.DISK_CONFIG,
                **ACCESS,
                "personality": PERSONALITY,
            },
            ("imageRef",),
        )
    )
    .since("2.19", add("rebuild", description=types.DESCRIPTION))
    .since(
        "2.54",
        add("rebuild", key_name={"oneOf": [types.NAME, {"type": "null"}]}),
    )
    .since(
        "2.57",
        remove(["rebuild"], "personality"),
        add("rebuild", user_data={"oneOf": [USER_DATA, {"type": "null"}]}),
    )
    .since("2.63", add("rebuild", trusted_image_certificates=CERTIFICATES))
    .since("2.90", add("rebuild", hostname=types.HOSTNAME))
    .since("2.94", add("rebuild", hostname=types.HOST))
)
