# SPDX-License-Identifier: Apache-2.0
"""Policy of addFixedIp and removeFixedIp."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

BASE = "os_compute_api:os-multinic:"
ADD = BASE + "add"
REMOVE = BASE + "remove"

_ACTION = "/servers/{server_id}/action"

RULES = [
    rule(
        "os-multinic:add",
        PROJECT_MEMBER_OR_ADMIN,
        "Give a server one more fixed IP, up to 2.43.",
        ("POST", f"{_ACTION} (addFixedIp)"),
    ),
    rule(
        "os-multinic:remove",
        PROJECT_MEMBER_OR_ADMIN,
        "Take a fixed IP from a server, up to 2.43.",
        ("POST", f"{_ACTION} (removeFixedIp)"),
    ),
]
