# SPDX-License-Identifier: Apache-2.0
"""How actions of servers and their events are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nova_lite.api.openstack.compute.views.columns import column, time_of
from nova_lite.api.openstack.compute.views.server_fields import hashed_host
from nova_lite.api.openstack.versioned import OMIT, Field, Fields, Value


@dataclass(frozen=True, slots=True)
class EventView:
    """What of events this user may see beyond their course."""

    project_id: str | None
    sees_traceback: bool
    sees_details: bool


def _host(row: Mapping[str, Any], view: EventView) -> Any:
    return row["host"] if view.sees_traceback else OMIT


def _traceback(row: Mapping[str, Any], view: EventView) -> Any:
    return row["traceback"] if view.sees_traceback else OMIT


def _details(row: Mapping[str, Any], view: EventView) -> Any:
    return row["details"] if view.sees_details else OMIT


ACTION = Fields(
    Field("2.1", "action", column("action")),
    Field("2.1", "instance_uuid", column("instance_uuid")),
    Field("2.1", "request_id", column("request_id")),
    Field("2.1", "user_id", column("user_id")),
    Field("2.1", "project_id", column("project_id")),
    Field("2.1", "start_time", time_of("start_time")),
    Field("2.1", "message", column("message")),
    Field("2.58", "updated_at", time_of("updated_at")),
)

EVENT = Fields(
    Field("2.1", "event", column("event")),
    Field("2.1", "start_time", time_of("start_time")),
    Field("2.1", "finish_time", time_of("finish_time")),
    Field("2.1", "result", column("result")),
    Field("2.1", "traceback", _traceback),
    Field("2.62", "host", _host),
    Field(
        "2.62",
        "hostId",
        lambda row, view: hashed_host(row["host"], view.project_id),
    ),
    Field("2.84", "details", _details),
)

# Before, only who may see tracebacks saw events at all.
OWNER_SEES_EVENTS = Value(False).since("2.51", True)
# Before, the actions went with their server.
OF_DELETED: Value[bool | None] = Value[bool | None](False).since("2.21", None)
PAGED = Value(False).since("2.58", True)
