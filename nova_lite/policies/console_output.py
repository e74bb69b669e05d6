# SPDX-License-Identifier: Apache-2.0
"""Policy of console output."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

SHOW = "os_compute_api:os-console-output"

RULES = [
    rule(
        "os-console-output",
        PROJECT_MEMBER_OR_ADMIN,
        "Read a server's console.",
        ("POST", "/servers/{server_id}/action (os-getConsoleOutput)"),
    ),
]
