# SPDX-License-Identifier: Apache-2.0
"""Policy of lock and unlock."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_MEMBER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

LOCK = "os_compute_api:os-lock-server:lock"
UNLOCK = "os_compute_api:os-lock-server:unlock"
UNLOCK_OVERRIDE = "os_compute_api:os-lock-server:unlock:unlock_override"

RULES = [
    rule(
        "os-lock-server:lock",
        PROJECT_MEMBER_OR_ADMIN,
        "Lock a server.",
        ("POST", f"{_ACTION} (lock)"),
    ),
    rule(
        "os-lock-server:unlock",
        PROJECT_MEMBER_OR_ADMIN,
        "Unlock a server.",
        ("POST", f"{_ACTION} (unlock)"),
    ),
    rule(
        "os-lock-server:unlock:unlock_override",
        ADMIN,
        "Unlock a server that somebody else has locked.",
        ("POST", f"{_ACTION} (unlock)"),
    ),
]
