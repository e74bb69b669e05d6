# SPDX-License-Identifier: Apache-2.0
"""Schemas of createImage and createBackup."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

IMAGE = Schema(
    types.body(
        "createImage",
        {"name": types.NAME, "metadata": types.METADATA},
        ("name",),
    )
)
BACKUP = Schema(
    types.body(
        "createBackup",
        {
            "name": types.NAME,
            "backup_type": types.ANY_TEXT,
            "rotation": types.integer(0),
            "metadata": types.METADATA,
        },
        ("name", "backup_type", "rotation"),
    )
)
