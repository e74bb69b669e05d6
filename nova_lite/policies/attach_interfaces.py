# SPDX-License-Identifier: Apache-2.0
"""Policy of the interfaces of servers."""

from __future__ import annotations

from nova_lite.policies.base import (
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:os-attach-interfaces:"
LIST = BASE + "list"
SHOW = BASE + "show"
CREATE = BASE + "create"
DELETE = BASE + "delete"

_ALL = "/servers/{server_id}/os-interface"
_ONE = "/servers/{server_id}/os-interface/{port_id}"

RULES = [
    rule(
        "os-attach-interfaces:list",
        PROJECT_READER_OR_ADMIN,
        "List a server's interfaces.",
        ("GET", _ALL),
    ),
    rule(
        "os-attach-interfaces:show",
        PROJECT_READER_OR_ADMIN,
        "Show an interface of a server.",
        ("GET", _ONE),
    ),
    rule(
        "os-attach-interfaces:create",
        PROJECT_MEMBER_OR_ADMIN,
        "Attach an interface to a server.",
        ("POST", _ALL),
    ),
    rule(
        "os-attach-interfaces:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Detach an interface from a server.",
        ("DELETE", _ONE),
    ),
]
