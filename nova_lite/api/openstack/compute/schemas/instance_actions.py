# SPDX-License-Identifier: Apache-2.0
"""Schema of the query of instance actions."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import (
    JSONSchema,
    Schema,
    add_named,
)


def _paged(schema: JSONSchema) -> None:
    schema["properties"] = {
        "limit": types.one(types.LIMIT),
        "marker": types.one({"type": "string", "maxLength": 255}),
        "changes-since": types.one(types.TIME),
    }
    schema["additionalProperties"] = False


LIST = (
    Schema(types.query({}))
    .since("2.58", _paged)
    .since("2.66", add_named([], {"changes-before": types.one(types.TIME)}))
)
