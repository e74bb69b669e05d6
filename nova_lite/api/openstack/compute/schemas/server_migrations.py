# SPDX-License-Identifier: Apache-2.0
"""Schemas of a server's live migrations."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

QUERY = Schema(types.query({}))
FORCE_COMPLETE = Schema(
    {
        "type": "object",
        "properties": {"force_complete": {"type": "null"}},
        "required": ["force_complete"],
        "additionalProperties": False,
    }
)
