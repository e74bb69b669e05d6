# SPDX-License-Identifier: Apache-2.0
"""Policy of limits."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, ANY, rule

SHOW = "os_compute_api:limits"
OTHER_PROJECT = "os_compute_api:limits:other_project"

RULES = [
    rule("limits", ANY, "Show the own limits.", ("GET", "/limits")),
    rule(
        "limits:other_project",
        ADMIN,
        "Show the limits of another project.",
        ("GET", "/limits"),
    ),
]
