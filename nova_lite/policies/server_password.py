# SPDX-License-Identifier: Apache-2.0
"""Policy of the passwords that guests report."""

from __future__ import annotations

from nova_lite.policies.base import (
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:os-server-password:"
SHOW = BASE + "show"
CLEAR = BASE + "clear"

_PATH = "/servers/{server_id}/os-server-password"

RULES = [
    rule(
        "os-server-password:show",
        PROJECT_READER_OR_ADMIN,
        "Show the encrypted administrator's password of a server.",
        ("GET", _PATH),
    ),
    rule(
        "os-server-password:clear",
        PROJECT_MEMBER_OR_ADMIN,
        "Forget the encrypted administrator's password of a server.",
        ("DELETE", _PATH),
    ),
]
