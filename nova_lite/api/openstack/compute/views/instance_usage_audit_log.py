# SPDX-License-Identifier: Apache-2.0
"""How the usage audit of a period is shown, over all hosts."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nova_lite.db.repositories import task_log


def show(
    begin: datetime.datetime,
    end: datetime.datetime,
    logs: Sequence[Mapping[str, Any]],
    hosts: Collection[str],
) -> dict[str, Any]:
    """The audit of a period; ``hosts`` are all that have a compute."""
    in_state = {
        state: {log["host"] for log in logs if log["state"] == state}
        for state in (task_log.RUNNING, task_log.DONE)
    }
    done = len(in_state[task_log.DONE])
    not_run = sorted(set(hosts) - {log["host"] for log in logs})
    errors = sum(log["errors"] for log in logs)
    share = "ALL" if done == len(hosts) else f"{done} of {len(hosts)}"
    return {
        "period_beginning": _text(begin),
        "period_ending": _text(end),
        "num_hosts": len(hosts),
        "num_hosts_done": done,
        "num_hosts_running": len(in_state[task_log.RUNNING]),
        "num_hosts_not_run": len(not_run),
        "hosts_not_run": not_run,
        "total_instances": sum(log["task_items"] for log in logs),
        "total_errors": errors,
        "overall_status": f"{share} hosts done. {errors} errors.",
        "log": {log["host"]: _host(log) for log in logs},
    }


def _text(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _host(log: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "state": log["state"],
        "instances": log["task_items"],
        "errors": log["errors"],
        "message": log["message"],
    }
