# SPDX-License-Identifier: Apache-2.0
"""Policy of the pools of floating IPs, up to 2.35."""

from __future__ import annotations

from nova_lite.policies.base import ANY, rule

LIST = "os_compute_api:os-floating-ip-pools"

RULES = [
    rule(
        "os-floating-ip-pools",
        ANY,
        "List the networks that floating IPs come from.",
        ("GET", "/os-floating-ip-pools"),
    ),
]
