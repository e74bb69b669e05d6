# SPDX-License-Identifier: Apache-2.0
"""Floating IPs in the Compute API's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def floating_ip(
    found: Mapping[str, Any],
    pools: Mapping[str, str],
    servers: Mapping[str, str],
) -> dict[str, Any]:
    """``pools``: network id -> name, ``servers``: port id -> server."""
    network_id = found["floating_network_id"]
    return {
        "id": found["id"],
        "ip": found["floating_ip_address"],
        "pool": pools.get(network_id) or network_id,
        "fixed_ip": found["fixed_ip_address"],
        "instance_id": servers.get(found["port_id"] or ""),
    }
