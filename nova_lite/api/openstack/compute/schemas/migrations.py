# SPDX-License-Identifier: Apache-2.0
"""Schema of the query of os-migrations."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema, add_named, strict

_ANY = types.many({"type": "string"})
_TEXT = types.one({"type": "string"})

LIST = (
    Schema(
        types.query(
            {
                "hidden": _ANY,
                "host": _ANY,
                "instance_uuid": _ANY,
                "source_compute": _ANY,
                "status": _ANY,
                "migration_type": _ANY,
            }
        )
    )
    .since(
        "2.59",
        add_named(
            [],
            {
                "limit": types.one(types.LIMIT),
                "marker": _TEXT,
                "changes-since": types.one(types.TIME),
            },
        ),
        strict(),
    )
    .since("2.66", add_named([], {"changes-before": types.one(types.TIME)}))
    .since("2.80", add_named([], {"user_id": _TEXT, "project_id": _TEXT}))
)
