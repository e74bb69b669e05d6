# SPDX-License-Identifier: Apache-2.0
"""A change of a server as an event of a text/event-stream.

The same for everybody who may see the server, so it is made once for all
streams, and holds nothing that only an administrator may know.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import status

Row = Mapping[str, Any]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def cursor_of(moment: datetime.datetime) -> int:
    """The id of an event of that moment: microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(cursor: int) -> datetime.datetime:
    """The moment that a cursor stands for."""
    return _EPOCH + cursor * _MICROSECOND


def shows_fault(row: Row) -> bool:
    """Whether the event tells what went wrong."""
    return status.status(row["vm_state"], row["task_state"]) == "ERROR"


def server(row: Row, fault: Row | None) -> dict[str, Any]:
    """The data of an event: all of the state, not what is new in it."""
    shown = {
        "id": row["uuid"],
        "name": row["display_name"],
        "status": status.status(row["vm_state"], row["task_state"]),
        "vm_state": row["vm_state"],
        "task_state": row["task_state"],
        "power_state": row["power_state"],
        "project_id": row["project_id"],
        "updated_at": row["changed_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "deleted": row["deleted"] != 0,
    }
    if fault is not None and shows_fault(row):
        shown["fault"] = {
            "code": fault["code"],
            "created": common.isotime(fault["created_at"]),
            "message": fault["message"],
        }
    return shown


def event(name: str, data: Mapping[str, Any], cursor: int | None) -> bytes:
    """An event; without a cursor it is none to go on from."""
    lines = [f"event: {name}", f"data: {json.dumps(data)}"]
    if cursor is not None:
        lines.insert(0, f"id: {cursor}")
    return ("\n".join(lines) + "\n\n").encode()


def comment(text: str) -> bytes:
    """What a client passes over, and a person who looks does not."""
    return f": {text}\n\n".encode()
