# SPDX-License-Identifier: Apache-2.0
"""How services are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.common import Settings
from nova_lite.api.openstack.compute import binaries
from nova_lite.api.openstack.compute.views.columns import column
from nova_lite.api.openstack.versioned import Field, Fields
from nova_lite.db.repositories import service_query

Row = Mapping[str, Any]


def zone(row: Row, settings: Settings) -> str:
    """The availability zone: that of a compute, or the internal one."""
    if row["binary"] != service_query.COMPUTE:
        return settings.internal_service_availability_zone
    return row["availability_zone"] or settings.default_availability_zone


def seen_at(row: Row) -> str | None:
    """When the service was heard of, as the API shows it."""
    seen = row["last_seen_at"] or row["updated_at"] or row["created_at"]
    return common.microtime(seen)


def _state(row: Row, settings: Settings) -> str:
    up = service_query.is_up(row, settings.service_down_time_s)
    return "up" if up else "down"


# The view's context is the settings.
SERVICE = Fields(
    Field("2.1", "id", column("id"), until="2.52"),
    Field("2.53", "id", column("uuid")),
    Field("2.1", "binary", lambda row, _: binaries.shown(row["binary"])),
    Field("2.1", "host", column("host")),
    Field("2.1", "zone", zone),
    Field(
        "2.1",
        "status",
        lambda row, _: "disabled" if row["disabled"] else "enabled",
    ),
    Field("2.1", "state", _state),
    Field("2.1", "updated_at", lambda row, _: seen_at(row)),
    Field("2.1", "disabled_reason", column("disabled_reason")),
    Field("2.11", "forced_down", column("forced_down")),
)
