# SPDX-License-Identifier: Apache-2.0
"""Policy of host aggregates."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

INDEX = "os_compute_api:os-aggregates:index"

RULES = [
    rule(
        "os-aggregates:index",
        ADMIN,
        "List host aggregates.",
        ("GET", "/os-aggregates"),
    ),
]
