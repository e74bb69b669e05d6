# SPDX-License-Identifier: Apache-2.0
"""How aggregates are shown."""

from __future__ import annotations

from nova_lite.api.openstack.compute.views.columns import column, time_of
from nova_lite.api.openstack.versioned import Field, Fields

_BRIEF = (
    Field("2.1", "id", column("id")),
    Field("2.41", "uuid", column("uuid")),
    Field("2.1", "name", column("name")),
    Field(
        "2.1",
        "availability_zone",
        lambda row, _: row["aggregate_metadata"].get("availability_zone"),
    ),
    Field("2.1", "created_at", time_of("created_at")),
    Field("2.1", "updated_at", time_of("updated_at")),
    # One that is deleted is not shown at all.
    Field("2.1", "deleted", lambda _row, _view: False),
    Field("2.1", "deleted_at", lambda _row, _view: None),
)

# The answer to a create has no more than this.
NEW = Fields(*_BRIEF)
FULL = Fields(
    *_BRIEF,
    Field("2.1", "hosts", column("hosts")),
    Field("2.1", "metadata", column("aggregate_metadata")),
)
