# SPDX-License-Identifier: Apache-2.0
"""What projects used in a period: hours, and resources by hours."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.versioned import Value

Row = Mapping[str, Any]

# Before, there were no pages: what did not fit was left out.
PAGED = Value(False).since("2.40", True)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``begin`` to ``end``; ``now`` is when the question came."""

    begin: datetime.datetime
    end: datetime.datetime
    now: datetime.datetime

    def hours(self, row: Row) -> float:
        """The hours of the period in which a server ran."""
        ended = row["terminated_at"]
        begin = max(row["launched_at"], self.begin)
        end = self.end if ended is None else min(ended, self.end)
        seconds: float = (end - begin).total_seconds()
        return max(seconds, 0.0) / 3600


def projects(
    rows: Iterable[Row], period: Period, *, detailed: bool
) -> list[dict[str, Any]]:
    """The sums of each project, in the order of the rows."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        project_id = row["project_id"]
        total = found.get(project_id)
        if total is None:
            total = found[project_id] = _empty(project_id, period, detailed)
        hours = period.hours(row)
        total["total_hours"] += hours
        total["total_vcpus_usage"] += row["vcpus"] * hours
        total["total_memory_mb_usage"] += row["memory_mb"] * hours
        total["total_local_gb_usage"] += _local_gb(row) * hours
        if detailed:
            total["server_usages"].append(_server(row, period, hours))
    return list(found.values())


def _empty(project_id: str, period: Period, detailed: bool) -> dict[str, Any]:
    total: dict[str, Any] = {
        "tenant_id": project_id,
        "start": common.microtime(period.begin),
        "stop": common.microtime(period.end),
        "total_hours": 0.0,
        "total_vcpus_usage": 0.0,
        "total_memory_mb_usage": 0.0,
        "total_local_gb_usage": 0.0,
    }
    if detailed:
        total["server_usages"] = []
    return total


def _server(row: Row, period: Period, hours: float) -> dict[str, Any]:
    ended = row["terminated_at"]
    uptime = (ended or period.now) - row["launched_at"]
    return {
        "instance_id": row["uuid"],
        "tenant_id": row["project_id"],
        "name": row["display_name"],
        "state": "terminated" if ended else row["vm_state"],
        "flavor": row["flavor"].get("name", ""),
        "hours": hours,
        "vcpus": row["vcpus"],
        "memory_mb": row["memory_mb"],
        "local_gb": _local_gb(row),
        "started_at": common.microtime(row["launched_at"]),
        "ended_at": common.microtime(ended),
        "uptime": int(uptime.total_seconds()),
    }


def _local_gb(row: Row) -> int:
    return int(row["root_gb"] + row["ephemeral_gb"])
