# SPDX-License-Identifier: Apache-2.0
"""How key pairs are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.versioned import Field, Fields, Value


def _column(name: str) -> Callable[[Any, Any], Any]:
    return lambda row, _view: row[name]


_COMMON = (
    Field("2.1", "name", _column("name")),
    Field("2.1", "public_key", _column("public_key")),
    Field("2.1", "fingerprint", _column("fingerprint")),
    Field("2.2", "type", _column("type")),
)

LISTED = Fields(*_COMMON)
CREATED = Fields(*_COMMON, Field("2.1", "user_id", _column("user_id")))
SHOWN = Fields(
    *_COMMON,
    Field("2.1", "user_id", _column("user_id")),
    Field("2.1", "id", _column("id")),
    Field(
        "2.1",
        "created_at",
        lambda row, _: common.microtime(row["created_at"]),
    ),
    Field("2.1", "deleted", lambda _row, _: False),
    Field("2.1", "deleted_at", lambda _row, _: None),
    Field(
        "2.1",
        "updated_at",
        lambda row, _: common.microtime(row["updated_at"]),
    ),
)

# From when on the query may name the user, and lists come in pages.
OF_USER = Value(False).since("2.10", True)
PAGED = Value(False).since("2.35", True)
