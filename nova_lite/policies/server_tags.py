# SPDX-License-Identifier: Apache-2.0
"""Policy of the tags of servers."""

from __future__ import annotations

from nova_lite.policies.base import (
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:os-server-tags:"
INDEX = BASE + "index"
SHOW = BASE + "show"
UPDATE = BASE + "update"
UPDATE_ALL = BASE + "update_all"
DELETE = BASE + "delete"
DELETE_ALL = BASE + "delete_all"

_ALL = "/servers/{server_id}/tags"
_ONE = "/servers/{server_id}/tags/{tag}"

RULES = [
    rule(
        "os-server-tags:index",
        PROJECT_READER_OR_ADMIN,
        "List a server's tags.",
        ("GET", _ALL),
    ),
    rule(
        "os-server-tags:show",
        PROJECT_READER_OR_ADMIN,
        "Ask whether a server has a tag.",
        ("GET", _ONE),
    ),
    rule(
        "os-server-tags:update",
        PROJECT_MEMBER_OR_ADMIN,
        "Add a tag to a server.",
        ("PUT", _ONE),
    ),
    rule(
        "os-server-tags:update_all",
        PROJECT_MEMBER_OR_ADMIN,
        "Replace a server's tags.",
        ("PUT", _ALL),
    ),
    rule(
        "os-server-tags:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Remove a tag from a server.",
        ("DELETE", _ONE),
    ),
    rule(
        "os-server-tags:delete_all",
        PROJECT_MEMBER_OR_ADMIN,
        "Remove all tags from a server.",
        ("DELETE", _ALL),
    ),
]
