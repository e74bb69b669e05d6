# SPDX-License-Identifier: Apache-2.0
"""The figures, each with its target, as a table and as JSON."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass

_SIGNS = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: ``<=`` or ``>=`` a value; its unit."""

    text: str
    sign: str
    value: float
    unit: str


TARGETS = {
    "boot_p50": Target("boot POST to ACTIVE, one at a time", "<=", 70, "ms"),
    "delete_p50": Target("DELETE to 404", "<=", 50, "ms"),
    "boots_1": Target("100 servers, 8 clients, 1 compute", ">=", 20, "/s"),
    "boots_10": Target("100 servers, 8 clients, 10 computes", ">=", 25, "/s"),
    "fifty": Target("50 servers in one request, 10 computes", "<=", 2.5, "s"),
    "sql_boot": Target("SQL statements per boot", "<=", 40, ""),
    "amqp_boot": Target("AMQP messages per boot", "<=", 10, ""),
    "sql_delete": Target("SQL statements per delete", "<=", 20, ""),
    "amqp_delete": Target("AMQP messages per delete", "<=", 8, ""),
    "detail_100": Target("GET /servers/detail, 100", "<=", 20, "ms"),
    "detail_1000": Target("GET /servers/detail, 1,000", "<=", 150, "ms"),
    "show_p50": Target("GET /servers/{id}", "<=", 5, "ms"),
    "show_rate": Target("GET /servers/{id}, 8 clients", ">=", 400, "/s"),
    "flavors_rate": Target("GET /flavors, 8 clients", ">=", 600, "/s"),
    "cpu_1": Target("CPU per boot and delete, 1 compute", "<=", 0.1, "s"),
    "cpu_10": Target("CPU per boot and delete, 10 computes", "<=", 0.1, "s"),
    "pss": Target("memory of the daemons, PSS, idle", "<=", 250, "MiB"),
    "start": Target("start to first ACTIVE, broker running", "<=", 4, "s"),
    "decision_1": Target("decision with claim, 1 host", "<=", 8, "ms"),
    "decision_100": Target("decision, 100 hosts", "<=", 10, "ms"),
    "decision_1000": Target("decision, 1,000 hosts", "<=", 15, "ms"),
    "decision_10000": Target("decision, 10,000 hosts", "<=", 50, "ms"),
    "idle_sql": Target("idle cloud: SQL statements", "<=", 1, "/s"),
    "idle_cpu": Target("idle cloud: CPU in 30 s", "<=", 0.1, "s"),
    "libvirt": Target("libvirt over disk and guest by hand", "<=", 150, "ms"),
    "net_rule": Target(
        "a group's rule, 50 networks and 200 ports", "<=", 200, "ms"
    ),
    "net_port": Target("a port for another, the same", "<=", 200, "ms"),
    "net_look": Target("all of it looked at, the same", "<=", 1500, "ms"),
    "net_first": Target("all of it made, the same", "<=", 6000, "ms"),
    "page_mariadb": Target("page at 100k over 1k rows, MariaDB", "<=", 2, "x"),
    "page_postgresql": Target(
        "page at 100k over 1k rows, PostgreSQL", "<=", 2, "x"
    ),
}


def judge(name: str, value: float) -> str:
    """``ok`` or ``missed``."""
    target = TARGETS[name]
    reached = _SIGNS[target.sign](value, target.value)
    return "ok" if reached else "missed"


def table(figures: Mapping[str, float], remarks: Mapping[str, str]) -> str:
    """A line for each figure; what was not measured says why."""
    lines = [f"{'figure':<42} {'here':>10}      {'target':>12}"]
    for name, target in TARGETS.items():
        goal = f"{target.sign} {target.value:g} {target.unit}"
        if name in figures:
            here = f"{figures[name]:10.4g} {target.unit:<4}"
            end = judge(name, figures[name])
        elif name in remarks:
            here, end = f"{'-':>10}     ", remarks[name]
        else:
            continue
        lines.append(f"{target.text:<42} {here} {goal:>12}  {end}")
    return "\n".join(lines)


def document(
    figures: Mapping[str, float], remarks: Mapping[str, str]
) -> dict[str, object]:
    """The same for programs."""
    found: dict[str, object] = {}
    for name, target in TARGETS.items():
        if name in figures:
            found[name] = {
                "text": target.text,
                "value": round(figures[name], 5),
                "unit": target.unit,
                "target": f"{target.sign} {target.value:g}",
                "result": judge(name, figures[name]),
            }
        elif name in remarks:
            found[name] = {"text": target.text, "skipped": remarks[name]}
    return found
