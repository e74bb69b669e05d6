# SPDX-License-Identifier: Apache-2.0
"""Policy of the networks as projects once had them, up to 2.35."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_READER_OR_ADMIN, rule

LIST = "os_compute_api:os-tenant-networks:list"
SHOW = "os_compute_api:os-tenant-networks:show"

RULES = [
    rule(
        "os-tenant-networks:list",
        PROJECT_READER_OR_ADMIN,
        "List the networks of a project.",
        ("GET", "/os-tenant-networks"),
    ),
    rule(
        "os-tenant-networks:show",
        PROJECT_READER_OR_ADMIN,
        "Show a network of a project.",
        ("GET", "/os-tenant-networks/{network_id}"),
    ),
]
