# SPDX-License-Identifier: Apache-2.0
"""Schemas of the tags of servers."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema
from nova_lite.compute.request import MAX_TAGS

# A tag of its own stands in the URL; there is nothing else to say.
UPDATE = Schema({"type": "null"})
UPDATE_ALL = Schema(
    {
        "type": "object",
        "properties": {
            "tags": {
                "type": "array",
                "items": types.TAG,
                "maxItems": MAX_TAGS,
            }
        },
        "required": ["tags"],
        "additionalProperties": False,
    }
)
