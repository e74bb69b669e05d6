# SPDX-License-Identifier: Apache-2.0
"""Schemas of os-resetState and injectNetworkInfo."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

RESET_STATE = Schema(
    types.body(
        "os-resetState",
        {"state": {"type": "string", "enum": ["active", "error"]}},
        required=("state",),
    )
)
INJECT_NETWORK_INFO = Schema(types.bare_action("injectNetworkInfo"))
