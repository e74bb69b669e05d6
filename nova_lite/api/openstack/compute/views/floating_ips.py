# SPDX-License-Identifier: Apache-2.0
"""Floating IPs in the Compute API's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def floating_ip(
    found: Mapping[str, Any],
    pools: Mapping[str, Mapping[str, Any]],
    ports: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """A floating IP; ``pools`` and ``ports`` are those it may name, by id."""
    network_id = found["floating_network_id"]
    pool = pools.get(network_id)
    port = ports.get(found["port_id"] or "")
    return {
        "id": found["id"],
        "ip": found["floating_ip_address"],
        "pool": (pool and pool["name"]) or network_id,
        "fixed_ip": found["fixed_ip_address"],
        "instance_id": port and port["device_id"],
    }
