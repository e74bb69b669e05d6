# SPDX-License-Identifier: Apache-2.0
"""Schemas of addFixedIp and removeFixedIp."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import JSONSchema, Schema

_NETWORK: JSONSchema = {
    "type": ["string", "number"],
    "minLength": 1,
    "maxLength": 36,
}

ADD_FIXED_IP = Schema(
    types.body("addFixedIp", {"networkId": _NETWORK}, ("networkId",))
)
REMOVE_FIXED_IP = Schema(
    types.body("removeFixedIp", {"address": types.IP}, ("address",))
)
