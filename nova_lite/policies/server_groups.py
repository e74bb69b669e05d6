# SPDX-License-Identifier: Apache-2.0
"""Policy of server groups."""

from __future__ import annotations

from nova_lite.policies.base import (
    ADMIN,
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:os-server-groups:"
INDEX = BASE + "index"
INDEX_ALL = BASE + "index:all_projects"
SHOW = BASE + "show"
CREATE = BASE + "create"
DELETE = BASE + "delete"

_ALL = "/os-server-groups"
_ONE = "/os-server-groups/{server_group_id}"

RULES = [
    rule(
        "os-server-groups:index",
        PROJECT_READER_OR_ADMIN,
        "List the project's server groups.",
        ("GET", _ALL),
    ),
    rule(
        "os-server-groups:index:all_projects",
        ADMIN,
        "List the server groups of all projects.",
        ("GET", _ALL),
    ),
    rule(
        "os-server-groups:show",
        PROJECT_READER_OR_ADMIN,
        "Show a server group.",
        ("GET", _ONE),
    ),
    rule(
        "os-server-groups:create",
        PROJECT_MEMBER_OR_ADMIN,
        "Create a server group.",
        ("POST", _ALL),
    ),
    rule(
        "os-server-groups:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Delete a server group.",
        ("DELETE", _ONE),
    ),
]
