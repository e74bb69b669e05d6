# SPDX-License-Identifier: Apache-2.0
"""Policy of the tokens of consoles."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

SHOW = "os_compute_api:os-console-auth-tokens"

RULES = [
    rule(
        "os-console-auth-tokens",
        ADMIN,
        "Show where the console is that a token opens.",
        ("GET", "/os-console-auth-tokens/{console_token}"),
    ),
]
