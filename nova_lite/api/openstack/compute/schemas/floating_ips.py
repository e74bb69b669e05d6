# SPDX-License-Identifier: Apache-2.0
"""Schemas of floating IPs."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

ANY_QUERY = Schema(types.EMPTY)

CREATE = Schema(
    {
        "type": ["object", "null"],
        "properties": {"pool": {"type": ["string", "null"]}},
    }
)

ADD_FLOATING_IP = Schema(
    types.body(
        "addFloatingIp",
        {"address": types.IP, "fixed_address": types.IP},
        ("address",),
    )
)
REMOVE_FLOATING_IP = Schema(
    types.body("removeFloatingIp", {"address": types.IP}, ("address",))
)
