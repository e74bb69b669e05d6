# SPDX-License-Identifier: Apache-2.0
"""Obeys the hint query: a condition on a host, written as JSON.

``["and", [">=", "$free_ram_mb", 1024], ["=", "$host", "a"]]``; a text with a
dollar sign is a figure of the host.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import (
    DISK_GB,
    MEMORY_MB,
    VCPU,
    HostState,
)

_MOST_DEEP = 20
_FIGURES: Mapping[str, Callable[[HostState], Any]] = {
    "host": lambda host: host.host,
    "nodename": lambda host: host.node,
    "hypervisor_hostname": lambda host: host.node,
    "hypervisor_type": lambda host: host.hardware.hypervisor_type,
    "hypervisor_version": lambda host: host.hardware.hypervisor_version,
    "host_ip": lambda host: host.host_ip,
    "free_ram_mb": lambda host: host.free.get(MEMORY_MB, 0),
    "total_usable_ram_mb": lambda host: host.capacity.get(MEMORY_MB, 0),
    "free_disk_mb": lambda host: host.free.get(DISK_GB, 0) * 1024,
    "total_usable_disk_gb": lambda host: host.capacity.get(DISK_GB, 0),
    "vcpus_total": lambda host: host.capacity.get(VCPU, 0),
    "vcpus_used": lambda host: host.used.get(VCPU, 0),
    "num_instances": lambda host: host.num_instances,
    "failed_builds": lambda host: host.failed_builds,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class _NotUnderstoodError(Exception):
    """The query is no condition; the text says where."""


class JsonFilter(HostFilter):
    """Passes hosts that meet the condition."""

    counts_servers = True

    def concerns(self, spec: RequestSpec) -> bool:
        """Whether there is such a hint."""
        return bool(spec.scheduler_hints.get("query"))

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or that the condition is not met, or makes no sense."""
        query = spec.scheduler_hints.get("query")
        if not query:
            return None
        try:
            if isinstance(query, str):
                query = json.loads(query)
            met = _value(query, host, 0)
        except _NotUnderstoodError as error:
            return f"the hint query is not understood: {error}"
        except (ValueError, RecursionError):
            return "the hint query is not understood: it is no JSON"
        return None if met else "it does not meet the hint query"


def _value(query: Any, host: HostState, depth: int) -> Any:
    if isinstance(query, list) and query:
        if depth > _MOST_DEEP:
            raise _NotUnderstoodError("it is nested too deeply")
        name, *rest = query
        values = [_value(one, host, depth + 1) for one in rest]
        return _apply(name, values)
    if isinstance(query, str) and query.startswith("$"):
        name = query[1:]
        if name not in _FIGURES:
            raise _NotUnderstoodError(f"there is no {query[:60]}")
        return _FIGURES[name](host)
    return query


def _apply(name: Any, values: list[Any]) -> bool:
    if name == "and":
        return all(values)
    if name == "or":
        return any(values)
    if name == "not":
        return not any(values)
    if not values:
        raise _NotUnderstoodError(f"{str(name)[:60]} needs values")
    first, *others = values
    if name == "in":
        return first in others
    if name not in _COMPARISONS:
        raise _NotUnderstoodError(f"there is no operator {str(name)[:60]}")
    try:
        return all(_COMPARISONS[name](first, other) for other in others)
    except TypeError:
        return False
