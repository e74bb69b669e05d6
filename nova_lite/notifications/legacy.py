# SPDX-License-Identifier: Apache-2.0
"""Payloads of the unversioned notifications, made of plain rows."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def moment(value: datetime.datetime | None) -> str:
    """A time as legacy readers know it; "" for none."""
    if value is None:
        return ""
    utc = value.astimezone(datetime.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%f")


def server(row: Row, **more: Any) -> dict[str, Any]:
    """What all legacy notifications say of a server."""
    flavor = row["flavor"]
    properties = row["image_meta"].get("properties") or {}
    return {
        "tenant_id": row["project_id"],
        "user_id": row["user_id"],
        "instance_id": row["uuid"],
        "display_name": row["display_name"],
        "reservation_id": row["reservation_id"],
        "hostname": row["hostname"],
        "instance_type": flavor.get("name", ""),
        "instance_type_id": flavor.get("id"),
        "instance_flavor_id": flavor.get("flavorid", ""),
        "architecture": properties.get("architecture"),
        "memory_mb": row["memory_mb"],
        "disk_gb": row["root_gb"] + row["ephemeral_gb"],
        "vcpus": row["vcpus"],
        "root_gb": row["root_gb"],
        "ephemeral_gb": row["ephemeral_gb"],
        "host": row["host"],
        "node": row["node"],
        "availability_zone": row["availability_zone"],
        "cell_name": "",
        "created_at": str(row["created_at"]),
        "terminated_at": moment(row["terminated_at"]),
        "deleted_at": moment(row["deleted_at"]),
        "launched_at": moment(row["launched_at"]),
        "image_ref_url": row["image_ref"],
        "os_type": properties.get("os_type"),
        "kernel_id": properties.get("kernel_id", ""),
        "ramdisk_id": properties.get("ramdisk_id", ""),
        "state": row["vm_state"],
        "state_description": row["task_state"] or "",
        "progress": row["progress"] or "",
        "access_ip_v4": row["access_ip_v4"],
        "access_ip_v6": row["access_ip_v6"],
        "image_meta": {k: str(v) for k, v in properties.items()},
        "metadata": dict(row["instance_metadata"]),
        **more,
    }
