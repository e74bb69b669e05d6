# SPDX-License-Identifier: Apache-2.0
"""How aggregates are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.versioned import Field, Fields


def _column(name: str) -> Callable[[Any, Any], Any]:
    return lambda row, _view: row[name]


_BRIEF = (
    Field("2.1", "id", _column("id")),
    Field("2.41", "uuid", _column("uuid")),
    Field("2.1", "name", _column("name")),
    Field(
        "2.1",
        "availability_zone",
        lambda row, _: row["aggregate_metadata"].get("availability_zone"),
    ),
    Field(
        "2.1", "created_at", lambda row, _: common.microtime(row["created_at"])
    ),
    Field(
        "2.1", "updated_at", lambda row, _: common.microtime(row["updated_at"])
    ),
    # One that is deleted is not shown at all.
    Field("2.1", "deleted", lambda _row, _view: False),
    Field("2.1", "deleted_at", lambda _row, _view: None),
)

# The answer to a create has no more than this.
NEW = Fields(*_BRIEF)
FULL = Fields(
    *_BRIEF,
    Field("2.1", "hosts", _column("hosts")),
    Field("2.1", "metadata", _column("aggregate_metadata")),
)
