# SPDX-License-Identifier: Apache-2.0
"""Policy of suspend and resume."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

SUSPEND = "os_compute_api:os-suspend-server:suspend"
RESUME = "os_compute_api:os-suspend-server:resume"

RULES = [
    rule(
        "os-suspend-server:suspend",
        PROJECT_MEMBER_OR_ADMIN,
        "Suspend a server.",
        ("POST", f"{_ACTION} (suspend)"),
    ),
    rule(
        "os-suspend-server:resume",
        PROJECT_MEMBER_OR_ADMIN,
        "Resume a suspended server.",
        ("POST", f"{_ACTION} (resume)"),
    ),
]
