# SPDX-License-Identifier: Apache-2.0
"""Policy of changePassword."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

CHANGE_PASSWORD = "os_compute_api:os-admin-password"  # noqa: S105 - a rule

RULES = [
    rule(
        "os-admin-password",
        PROJECT_MEMBER_OR_ADMIN,
        "Change the administrative password of a server.",
        ("POST", "/servers/{server_id}/action (changePassword)"),
    ),
]
