# SPDX-License-Identifier: Apache-2.0
"""Policy of the list of extensions."""

from __future__ import annotations

from nova_lite.policies.base import ANY, rule

SHOW = "os_compute_api:extensions"

RULES = [
    rule(
        "extensions",
        ANY,
        "List and show extensions.",
        ("GET", "/extensions"),
        ("GET", "/extensions/{alias}"),
    ),
]
