# SPDX-License-Identifier: Apache-2.0
"""Schema of changePassword."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

CHANGE_PASSWORD = Schema(
    types.body(
        "changePassword",
        {"adminPass": types.ADMIN_PASSWORD},
        required=("adminPass",),
    )
)
