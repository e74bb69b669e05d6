# SPDX-License-Identifier: Apache-2.0
"""Schemas of rescue and unrescue."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

_RESCUE = types.body(
    "rescue",
    {
        "adminPass": types.ADMIN_PASSWORD,
        "rescue_image_ref": types.UUID,
    },
)
_RESCUE["properties"]["rescue"]["type"] = ["object", "null"]

RESCUE = Schema(_RESCUE)
UNRESCUE = Schema(types.bare_action("unrescue"))
