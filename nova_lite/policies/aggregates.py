# SPDX-License-Identifier: Apache-2.0
"""Policy of host aggregates."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

BASE = "os_compute_api:os-aggregates:"
INDEX = BASE + "index"
CREATE = BASE + "create"
SHOW = BASE + "show"
UPDATE = BASE + "update"
DELETE = BASE + "delete"
ADD_HOST = BASE + "add_host"
REMOVE_HOST = BASE + "remove_host"
SET_METADATA = BASE + "set_metadata"
# Younger than the prefix of the others.
IMAGES = "compute:aggregates:images"

_ONE = "/os-aggregates/{aggregate_id}"

RULES = [
    rule(
        "os-aggregates:index",
        ADMIN,
        "List host aggregates.",
        ("GET", "/os-aggregates"),
    ),
    rule(
        "os-aggregates:create",
        ADMIN,
        "Create an aggregate.",
        ("POST", "/os-aggregates"),
    ),
    rule(
        "os-aggregates:show",
        ADMIN,
        "Show an aggregate.",
        ("GET", _ONE),
    ),
    rule(
        "os-aggregates:update",
        ADMIN,
        "Rename an aggregate or change its zone.",
        ("PUT", _ONE),
    ),
    rule(
        "os-aggregates:delete", ADMIN, "Delete an aggregate.", ("DELETE", _ONE)
    ),
    rule(
        "os-aggregates:add_host",
        ADMIN,
        "Add a host to an aggregate.",
        ("POST", _ONE + "/action (add_host)"),
    ),
    rule(
        "os-aggregates:remove_host",
        ADMIN,
        "Remove a host from an aggregate.",
        ("POST", _ONE + "/action (remove_host)"),
    ),
    rule(
        "os-aggregates:set_metadata",
        ADMIN,
        "Change an aggregate's metadata.",
        ("POST", _ONE + "/action (set_metadata)"),
    ),
    rule(
        IMAGES,
        ADMIN,
        "Have the hosts of an aggregate fetch images.",
        ("POST", _ONE + "/images"),
    ),
]
