# SPDX-License-Identifier: Apache-2.0
"""How key pairs are shown."""

from __future__ import annotations

from nova_lite.api.openstack.compute.views.columns import column, time_of
from nova_lite.api.openstack.versioned import Field, Fields, Value

_COMMON = (
    Field("2.1", "name", column("name")),
    Field("2.1", "public_key", column("public_key")),
    Field("2.1", "fingerprint", column("fingerprint")),
    Field("2.2", "type", column("type")),
)

LISTED = Fields(*_COMMON)
CREATED = Fields(*_COMMON, Field("2.1", "user_id", column("user_id")))
SHOWN = Fields(
    *_COMMON,
    Field("2.1", "user_id", column("user_id")),
    Field("2.1", "id", column("id")),
    Field(
        "2.1",
        "created_at",
        time_of("created_at"),
    ),
    Field("2.1", "deleted", lambda _row, _: False),
    Field("2.1", "deleted_at", lambda _row, _: None),
    Field(
        "2.1",
        "updated_at",
        time_of("updated_at"),
    ),
)

# From when on the query may name the user, and lists come in pages.
OF_USER = Value(False).since("2.10", True)
PAGED = Value(False).since("2.35", True)
