# SPDX-License-Identifier: Apache-2.0
"""Networks as the Compute API once had them, which is nearly nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What a network service does not say: there since a network had them.
_EMPTY = (
    "cidr",
    "netmask",
    "gateway",
    "broadcast",
    "dns1",
    "dns2",
    "cidr_v6",
    "gateway_v6",
    "netmask_v6",
)
_EMPTY_FOR_ADMIN = (
    "created_at",
    "updated_at",
    "deleted_at",
    "deleted",
    "injected",
    "bridge",
    "vlan",
    "vpn_public_address",
    "vpn_public_port",
    "vpn_private_address",
    "dhcp_start",
    "project_id",
    "host",
    "bridge_interface",
    "multi_host",
    "priority",
    "rxtx_base",
    "mtu",
    "dhcp_server",
    "enable_dhcp",
    "share_address",
)


def network(found: Mapping[str, Any], *, is_admin: bool) -> dict[str, Any]:
    """As /os-networks shows it."""
    empty = _EMPTY + _EMPTY_FOR_ADMIN if is_admin else _EMPTY
    return {
        "id": found["id"],
        "label": found["name"],
        **dict.fromkeys(empty),
    }


def tenant_network(found: Mapping[str, Any]) -> dict[str, Any]:
    """As /os-tenant-networks shows it; the cidr is a text, as upstream's."""
    return {"id": found["id"], "cidr": "None", "label": found["name"]}
