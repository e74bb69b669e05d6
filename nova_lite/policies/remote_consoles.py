# SPDX-License-Identifier: Apache-2.0
"""Policy of remote consoles."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

CREATE = "os_compute_api:os-remote-consoles"

_ACTION = "/servers/{server_id}/action"

RULES = [
    rule(
        "os-remote-consoles",
        PROJECT_MEMBER_OR_ADMIN,
        "Get a URL that opens a server's console.",
        ("POST", "/servers/{server_id}/remote-consoles"),
        ("POST", f"{_ACTION} (os-getSerialConsole)"),
        ("POST", f"{_ACTION} (os-getSPICEConsole)"),
        ("POST", f"{_ACTION} (os-getVNCConsole)"),
    ),
]
