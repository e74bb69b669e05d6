# SPDX-License-Identifier: Apache-2.0
"""Policy of pause and unpause."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

PAUSE = "os_compute_api:os-pause-server:pause"
UNPAUSE = "os_compute_api:os-pause-server:unpause"

RULES = [
    rule(
        "os-pause-server:pause",
        PROJECT_MEMBER_OR_ADMIN,
        "Pause a server.",
        ("POST", f"{_ACTION} (pause)"),
    ),
    rule(
        "os-pause-server:unpause",
        PROJECT_MEMBER_OR_ADMIN,
        "Unpause a paused server.",
        ("POST", f"{_ACTION} (unpause)"),
    ),
]
