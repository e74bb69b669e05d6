# SPDX-License-Identifier: Apache-2.0
"""Schemas of quota sets and of quota classes."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema, remove, strict

NETWORKS = (
    "fixed_ips",
    "floating_ips",
    "security_group_rules",
    "security_groups",
)
INJECTED = (
    "injected_file_content_bytes",
    "injected_file_path_bytes",
    "injected_files",
)
_COUNTED = (
    "cores",
    "instances",
    "key_pairs",
    "metadata_items",
    "ram",
    "server_group_members",
    "server_groups",
)
# -1 is no limit.
_LIMIT = {
    "type": ["integer", "string"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
    "maximum": types.MAX_INT,
}
_LIMITS = dict.fromkeys((*_COUNTED, *INJECTED, *NETWORKS), _LIMIT)

UPDATE = (
    Schema(types.body("quota_set", {**_LIMITS, "force": types.BOOLEAN}, ()))
    .since("2.36", remove(["quota_set"], *NETWORKS))
    .since("2.57", remove(["quota_set"], *INJECTED))
)
UPDATE_CLASS = (
    Schema(types.body("quota_class_set", _LIMITS, ()))
    .since("2.50", remove(["quota_class_set"], *NETWORKS))
    .since("2.57", remove(["quota_class_set"], *INJECTED))
)
OF_USER = Schema(
    types.query({"user_id": types.many({"type": "string"})})
).since("2.75", strict())
ANY_QUERY = Schema(types.EMPTY)
