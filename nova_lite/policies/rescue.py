# SPDX-License-Identifier: Apache-2.0
"""Policy of rescue and unrescue."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

RESCUE = "os_compute_api:os-rescue"
UNRESCUE = "os_compute_api:os-unrescue"

RULES = [
    rule(
        "os-rescue",
        PROJECT_MEMBER_OR_ADMIN,
        "Start a server from another image, to repair its disk.",
        ("POST", f"{_ACTION} (rescue)"),
    ),
    rule(
        "os-unrescue",
        PROJECT_MEMBER_OR_ADMIN,
        "Start a rescued server from its own disk again.",
        ("POST", f"{_ACTION} (unrescue)"),
    ),
]
