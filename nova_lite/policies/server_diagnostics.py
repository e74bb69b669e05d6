# SPDX-License-Identifier: Apache-2.0
"""Policy of diagnostics."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

SHOW = "os_compute_api:os-server-diagnostics"

RULES = [
    rule(
        "os-server-diagnostics",
        ADMIN,
        "See what the hypervisor tells of a server's guest.",
        ("GET", "/servers/{server_id}/diagnostics"),
    ),
]
