# SPDX-License-Identifier: Apache-2.0
"""How hypervisors are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nova_lite.api.openstack.compute.views.columns import column
from nova_lite.api.openstack.versioned import OMIT, Field, Fields, Value
from nova_lite.db.repositories import service_query

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """Services by host; servers by host when they were asked for.

    A hypervisor without a service is not shown.
    """

    services: Mapping[str, Row]
    service_down_time_s: int
    servers: Mapping[str, Sequence[Mapping[str, str]]] | None = None
    empty_servers_shown: bool = False


def _state(row: Row, view: View) -> str:
    service = view.services[row["host"]]
    up = service_query.is_up(service, view.service_down_time_s)
    return "up" if up else "down"


def _uptime(row: Row, view: View) -> str | None:
    """Nobody knows for how long a host is up that says nothing."""
    uptime: str | None = row["uptime"]
    return uptime if _state(row, view) == "up" else None


def _status(row: Row, view: View) -> str:
    disabled = view.services[row["host"]]["disabled"]
    return "disabled" if disabled else "enabled"


def _servers(row: Row, view: View) -> Any:
    if view.servers is None:
        return OMIT
    found = view.servers.get(row["host"], [])
    return found if found or view.empty_servers_shown else OMIT


def _service(key: str) -> Callable[[Row, View], Any]:
    def get(row: Row, view: View) -> dict[str, Any]:
        service = view.services[row["host"]]
        return {
            "id": service[key],
            "host": row["host"],
            "disabled_reason": service["disabled_reason"],
        }

    return get


_BRIEF = (
    Field("2.1", "id", column("id"), until="2.52"),
    Field("2.53", "id", column("uuid")),
    Field("2.1", "hypervisor_hostname", column("hypervisor_hostname")),
    Field("2.1", "state", _state),
    Field("2.1", "status", _status),
    Field("2.1", "servers", _servers),
)

# Shown to 2.87: what they tell is the allocations' to tell.
_USAGE: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("vcpus", column("vcpus")),
    ("memory_mb", column("memory_mb")),
    ("local_gb", column("local_gb")),
    ("vcpus_used", column("vcpus_used")),
    ("memory_mb_used", column("memory_mb_used")),
    ("local_gb_used", column("local_gb_used")),
    ("free_ram_mb", lambda row, _: row["memory_mb"] - row["memory_mb_used"]),
    ("free_disk_gb", lambda row, _: row["local_gb"] - row["local_gb_used"]),
    ("current_workload", lambda _row, _: 0),
    ("running_vms", column("running_vms")),
    ("disk_available_least", column("disk_available_least_gb")),
)

BRIEF = Fields(*_BRIEF)
DETAIL = Fields(
    *_BRIEF,
    *(Field("2.1", name, get, until="2.87") for name, get in _USAGE),
    Field("2.1", "hypervisor_type", column("hypervisor_type")),
    Field("2.1", "hypervisor_version", column("hypervisor_version")),
    Field("2.1", "host_ip", column("host_ip")),
    Field(
        "2.1",
        "cpu_info",
        lambda row, _: json.dumps(row["cpu_info"]),
        until="2.27",
    ),
    Field("2.28", "cpu_info", column("cpu_info"), until="2.87"),
    Field("2.88", "uptime", _uptime),
    Field("2.1", "service", _service("id"), until="2.52"),
    Field("2.53", "service", _service("uuid")),
)

EMPTY_SERVERS_SHOWN = Value(False).since("2.75", True)
PAGED = Value(False).since("2.33", True)
BY_UUID = Value(False).since("2.53", True)


def statistics(rows: Sequence[Row], view: View) -> dict[str, int]:
    """The sums over the hypervisors of enabled services."""
    counted = [
        row
        for row in rows
        if not view.services.get(row["host"], {"disabled": True})["disabled"]
    ]
    sums = {
        name: sum(get(row, None) or 0 for row in counted)
        for name, get in _USAGE
    }
    return {"count": len(counted), **sums}
