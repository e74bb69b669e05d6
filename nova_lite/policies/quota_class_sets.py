# SPDX-License-Identifier: Apache-2.0
"""Policy of quota classes."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

SHOW = "os_compute_api:os-quota-class-sets:show"
UPDATE = "os_compute_api:os-quota-class-sets:update"

_ONE = "/os-quota-class-sets/{quota_class}"

RULES = [
    rule(
        "os-quota-class-sets:show",
        ADMIN,
        "Show the quotas of a class.",
        ("GET", _ONE),
    ),
    rule(
        "os-quota-class-sets:update",
        ADMIN,
        "Set the quotas of a class.",
        ("PUT", _ONE),
    ),
]
