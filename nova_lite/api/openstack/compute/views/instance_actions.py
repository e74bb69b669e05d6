# SPDX-License-Identifier: Apache-2.0
"""How actions of servers and their events are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.views.server_fields import hashed_host
from nova_lite.api.openstack.versioned import OMIT, Field, Fields, Value


@dataclass(frozen=True, slots=True)
class EventView:
    """What of events this user may see beyond their course."""

    project_id: str | None
    sees_traceback: bool
    sees_details: bool


def _column(name: str) -> Any:
    return lambda row, _view: row[name]


def _time(name: str) -> Any:
    return lambda row, _view: common.microtime(row[name])


def _host(row: Mapping[str, Any], view: EventView) -> Any:
    return row["host"] if view.sees_traceback else OMIT


def _traceback(row: Mapping[str, Any], view: EventView) -> Any:
    return row["traceback"] if view.sees_traceback else OMIT


def _details(row: Mapping[str, Any], view: EventView) -> Any:
    return row["details"] if view.sees_details else OMIT


ACTION = Fields(
    Field("2.1", "action", _column("action")),
    Field("2.1", "instance_uuid", _column("instance_uuid")),
    Field("2.1", "request_id", _column("request_id")),
    Field("2.1", "user_id", _column("user_id")),
    Field("2.1", "project_id", _column("project_id")),
    Field("2.1", "start_time", _time("start_time")),
    Field("2.1", "message", _column("message")),
    Field("2.58", "updated_at", _time("updated_at")),
)

EVENT = Fields(
    Field("2.1", "event", _column("event")),
    Field("2.1", "start_time", _time("start_time")),
    Field("2.1", "finish_time", _time("finish_time")),
    Field("2.1", "result", _column("result")),
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
