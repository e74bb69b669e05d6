# SPDX-License-Identifier: Apache-2.0
"""Where the servers are to which a request wants to be near, or not.

Read by SchedulerManager before it chooses, and only for a request whose
hints name a server group or servers: any other costs no statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nova_lite.db.repositories import occupancy, provider
from nova_lite.db.repositories.occupancy import Group
from nova_lite.objects.request_spec import RequestSpec

_LISTS = ("same_host", "different_host")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The server group, and the providers of the servers that hints name.

    ``same`` and ``different`` are None without such a hint. Members that
    are placed by a decision are counted into ``group`` at once.
    """

    group: Group | None = None
    same: frozenset[int] | None = None
    different: frozenset[int] | None = None


NOBODY = Neighbours()


def of(spec: RequestSpec) -> Neighbours:
    """The neighbours of a request as its scheduler has read them."""
    return spec.neighbours or NOBODY


def read(spec: RequestSpec) -> Neighbours:
    """Ask the database: a statement for the group, one for the servers."""
    hints: Mapping[str, Any] = spec.scheduler_hints
    name = hints.get("group")
    group = occupancy.group(name) if isinstance(name, str) else None
    asked = {key: _uuids(hints[key]) for key in _LISTS if hints.get(key)}
    if not asked:
        return Neighbours(group) if group else NOBODY
    held = provider.allocations(sorted(set().union(*asked.values())))
    same, different = (
        frozenset(one for uuid in asked[key] for one in held.get(uuid, ()))
        if key in asked
        else None
        for key in _LISTS
    )
    return Neighbours(group, same, different)


def _uuids(hint: Any) -> set[str]:
    values = hint if isinstance(hint, list) else [hint]
    return {str(value) for value in values}
