# SPDX-License-Identifier: Apache-2.0
"""Policy of events from other services."""

from __future__ import annotations

from nova_lite.policies.base import SERVICE_OR_ADMIN, rule

CREATE = "os_compute_api:os-server-external-events:create"

RULES = [
    rule(
        "os-server-external-events:create",
        SERVICE_OR_ADMIN,
        "Tell what has happened to servers' ports, volumes and the like.",
        ("POST", "/os-server-external-events"),
    ),
]
