# SPDX-License-Identifier: Apache-2.0
"""Schemas of key pairs."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import (
    Schema,
    add,
    add_named,
    require,
    strict,
)

_NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "format": "key-name",
}
_TYPE = {"type": "string", "enum": ["ssh", "x509"]}
# Empty: one's own.
_USER = {"type": "string", "maxLength": 255}

CREATE = (
    Schema(
        types.body(
            "keypair",
            {
                "name": _NAME,
                "public_key": {"type": "string", "maxLength": 65535},
            },
            ("name",),
        )
    )
    .since("2.2", add("keypair", type=_TYPE))
    .since("2.10", add("keypair", user_id=_USER))
    .since(
        "2.92",
        add("keypair", name={**_NAME, "format": "key-name-292"}),
        require(["keypair"], "public_key"),
    )
)

_OF_USER = add_named(
    [], {"user_id": types.many({"type": "string", "maxLength": 255})}
)

ONE = Schema(types.query({})).since("2.10", _OF_USER).since("2.75", strict())
INDEX = (
    Schema(types.query({}))
    .since("2.10", _OF_USER)
    .since("2.35", add_named([], types.PAGING))
    .since("2.75", strict())
)
