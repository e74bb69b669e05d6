# SPDX-License-Identifier: Apache-2.0
"""Policy of the metadata of servers."""

from __future__ import annotations

from nova_lite.policies.base import (
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:server-metadata:"
INDEX = BASE + "index"
SHOW = BASE + "show"
CREATE = BASE + "create"
UPDATE = BASE + "update"
UPDATE_ALL = BASE + "update_all"
DELETE = BASE + "delete"

_ALL = "/servers/{server_id}/metadata"
_ONE = "/servers/{server_id}/metadata/{key}"

RULES = [
    rule(
        "server-metadata:index",
        PROJECT_READER_OR_ADMIN,
        "List a server's metadata.",
        ("GET", _ALL),
    ),
    rule(
        "server-metadata:show",
        PROJECT_READER_OR_ADMIN,
        "Show one item of a server's metadata.",
        ("GET", _ONE),
    ),
    rule(
        "server-metadata:create",
        PROJECT_MEMBER_OR_ADMIN,
        "Add to a server's metadata.",
        ("POST", _ALL),
    ),
    rule(
        "server-metadata:update_all",
        PROJECT_MEMBER_OR_ADMIN,
        "Replace a server's metadata.",
        ("PUT", _ALL),
    ),
    rule(
        "server-metadata:update",
        PROJECT_MEMBER_OR_ADMIN,
        "Set one item of a server's metadata.",
        ("PUT", _ONE),
    ),
    rule(
        "server-metadata:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Remove one item of a server's metadata.",
        ("DELETE", _ONE),
    ),
]
