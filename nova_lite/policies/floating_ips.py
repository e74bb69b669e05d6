# SPDX-License-Identifier: Apache-2.0
"""Policy of the floating IPs: the proxy up to 2.35, the actions to 2.43."""

from __future__ import annotations

from nova_lite.policies.base import (
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:os-floating-ips:"
ADD = BASE + "add"
REMOVE = BASE + "remove"
LIST = BASE + "list"
CREATE = BASE + "create"
SHOW = BASE + "show"
DELETE = BASE + "delete"

_ACTION = "/servers/{server_id}/action"
_ALL = "/os-floating-ips"
_ONE = "/os-floating-ips/{floating_ip_id}"

RULES = [
    rule(
        "os-floating-ips:add",
        PROJECT_MEMBER_OR_ADMIN,
        "Lead a floating IP to a server.",
        ("POST", f"{_ACTION} (addFloatingIp)"),
    ),
    rule(
        "os-floating-ips:remove",
        PROJECT_MEMBER_OR_ADMIN,
        "Let a floating IP lead to a server no more.",
        ("POST", f"{_ACTION} (removeFloatingIp)"),
    ),
    rule(
        "os-floating-ips:list",
        PROJECT_READER_OR_ADMIN,
        "List the floating IPs of a project.",
        ("GET", _ALL),
    ),
    rule(
        "os-floating-ips:create",
        PROJECT_MEMBER_OR_ADMIN,
        "Allocate a floating IP.",
        ("POST", _ALL),
    ),
    rule(
        "os-floating-ips:show",
        PROJECT_READER_OR_ADMIN,
        "Show a floating IP.",
        ("GET", _ONE),
    ),
    rule(
        "os-floating-ips:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Release a floating IP.",
        ("DELETE", _ONE),
    ),
]
