# SPDX-License-Identifier: Apache-2.0
"""Policy of the proxy to the bare metal service."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

LIST = "os_compute_api:os-baremetal-nodes:list"
SHOW = "os_compute_api:os-baremetal-nodes:show"

RULES = [
    rule(
        "os-baremetal-nodes:list",
        ADMIN,
        "List bare metal nodes.",
        ("GET", "/os-baremetal-nodes"),
    ),
    rule(
        "os-baremetal-nodes:show",
        ADMIN,
        "Show a bare metal node.",
        ("GET", "/os-baremetal-nodes/{id}"),
    ),
]
