# SPDX-License-Identifier: Apache-2.0
"""How migrations are shown: in os-migrations, and below their server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.views.columns import column, time_of
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import OMIT, Field, Fields, Value
from nova_lite.db.repositories.migration import IN_PROGRESS, LIVE


@dataclass(frozen=True, slots=True)
class View:
    """For whom migrations are shown."""

    request: Request
    settings: common.Settings
    sees_hosts: bool


def _host(name: str) -> Any:
    return lambda row, view: row[name] if view.sees_hosts else None


def _flavor(name: str) -> Any:
    return lambda row, _view: row[name].get("id")


def _links(row: Mapping[str, Any], view: View) -> Any:
    if row["migration_type"] != LIVE or row["status"] not in IN_PROGRESS:
        return OMIT
    place = f"servers/{row['instance_uuid']}/migrations"
    return common.links(view.request, view.settings, place, str(row["id"]))


LISTED = Fields(
    Field("2.1", "id", column("id")),
    Field("2.59", "uuid", column("uuid")),
    Field("2.1", "instance_uuid", column("instance_uuid")),
    Field("2.1", "status", column("status")),
    Field("2.23", "migration_type", column("migration_type")),
    Field("2.1", "source_compute", _host("source_compute")),
    Field("2.1", "source_node", _host("source_node")),
    Field("2.1", "dest_compute", _host("dest_compute")),
    Field("2.1", "dest_host", _host("dest_host")),
    Field("2.1", "dest_node", _host("dest_node")),
    Field("2.1", "old_instance_type_id", _flavor("old_flavor")),
    Field("2.1", "new_instance_type_id", _flavor("new_flavor")),
    Field("2.1", "created_at", time_of("created_at")),
    Field("2.1", "updated_at", time_of("updated_at")),
    Field("2.80", "user_id", column("user_id")),
    Field("2.80", "project_id", column("project_id")),
    Field("2.23", "links", _links),
)

OF_SERVER = Fields(
    Field("2.23", "id", column("id")),
    Field("2.59", "uuid", column("uuid")),
    Field("2.23", "server_uuid", column("instance_uuid")),
    Field("2.23", "status", column("status")),
    Field("2.23", "source_compute", _host("source_compute")),
    Field("2.23", "source_node", _host("source_node")),
    Field("2.23", "dest_compute", _host("dest_compute")),
    Field("2.23", "dest_host", _host("dest_host")),
    Field("2.23", "dest_node", _host("dest_node")),
    *(
        Field("2.23", name, column(name))
        for name in (
            "memory_total_bytes",
            "memory_processed_bytes",
            "memory_remaining_bytes",
            "disk_total_bytes",
            "disk_processed_bytes",
            "disk_remaining_bytes",
        )
    ),
    Field("2.23", "created_at", time_of("created_at")),
    Field("2.23", "updated_at", time_of("updated_at")),
    Field("2.80", "user_id", column("user_id")),
    Field("2.80", "project_id", column("project_id")),
)

PAGED = Value(False).since("2.59", True)
# Before, a changes-before in the query meant nothing.
CHANGES_BEFORE = Value(False).since("2.66", True)
# Before, these in the query meant nothing.
BY_OWNER = Value(False).since("2.80", True)
# In which states a live migration may be aborted.
ABORTABLE = Value[tuple[str, ...]](("running",)).since(
    "2.65", ("queued", "preparing", "running")
)
