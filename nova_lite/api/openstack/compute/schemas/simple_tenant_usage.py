# SPDX-License-Identifier: Apache-2.0
"""Schemas of the queries of os-simple-tenant-usage."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema, add_named, strict

_ANY = types.many({"type": "string"})

LIST = (
    Schema(types.query({"start": _ANY, "end": _ANY, "detailed": _ANY}))
    .since("2.40", add_named([], types.PAGING))
    .since("2.75", strict())
)
SHOW = (
    Schema(types.query({"start": _ANY, "end": _ANY}))
    .since("2.40", add_named([], types.PAGING))
    .since("2.75", strict())
)
