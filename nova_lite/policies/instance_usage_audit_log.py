# SPDX-License-Identifier: Apache-2.0
"""Policy of the log of usage audits."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

BASE = "os_compute_api:os-instance-usage-audit-log:"
LIST = BASE + "list"
SHOW = BASE + "show"

RULES = [
    rule(
        "os-instance-usage-audit-log:list",
        ADMIN,
        "See how the latest usage audit went on each host.",
        ("GET", "/os-instance_usage_audit_log"),
    ),
    rule(
        "os-instance-usage-audit-log:show",
        ADMIN,
        "See how the latest usage audit before a moment went on each host.",
        ("GET", "/os-instance_usage_audit_log/{before_timestamp}"),
    ),
]
