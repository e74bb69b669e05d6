# SPDX-License-Identifier: Apache-2.0
"""Policy of the projects' usage."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_READER_OR_ADMIN, rule

BASE = "os_compute_api:os-simple-tenant-usage:"
LIST = BASE + "list"
SHOW = BASE + "show"

RULES = [
    rule(
        "os-simple-tenant-usage:show",
        PROJECT_READER_OR_ADMIN,
        "Show what a project's servers used.",
        ("GET", "/os-simple-tenant-usage/{tenant_id}"),
    ),
    rule(
        "os-simple-tenant-usage:list",
        ADMIN,
        "List what the servers of every project used.",
        ("GET", "/os-simple-tenant-usage"),
    ),
]
