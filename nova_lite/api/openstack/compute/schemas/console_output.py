# SPDX-License-Identifier: Apache-2.0
"""Schema of os-getConsoleOutput."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

GET = Schema(
    types.body(
        "os-getConsoleOutput",
        {
            "length": {
                "type": ["integer", "string", "null"],
                "pattern": "^-?[0-9]+$",
                "maxLength": 10,
                # -1, like none, is the whole of it.
                "minimum": -1,
                "maximum": types.MAX_INT,
            }
        },
    )
)
