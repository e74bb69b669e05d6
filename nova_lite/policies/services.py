# SPDX-License-Identifier: Apache-2.0
"""Policy of the services (daemons)."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

BASE = "os_compute_api:os-services:"
LIST = BASE + "list"
UPDATE = BASE + "update"
DELETE = BASE + "delete"

RULES = [
    rule("os-services:list", ADMIN, "List services.", ("GET", "/os-services")),
    rule(
        "os-services:update",
        ADMIN,
        "Enable, disable or force down a service.",
        ("PUT", "/os-services/{service_id}"),
    ),
    rule(
        "os-services:delete",
        ADMIN,
        "Delete a service.",
        ("DELETE", "/os-services/{service_id}"),
    ),
]
