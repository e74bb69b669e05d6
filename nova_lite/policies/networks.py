# SPDX-License-Identifier: Apache-2.0
"""Policy of the networks, up to 2.35."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_READER_OR_ADMIN, rule

LIST = "os_compute_api:os-networks:list"
SHOW = "os_compute_api:os-networks:show"

RULES = [
    rule(
        "os-networks:list",
        PROJECT_READER_OR_ADMIN,
        "List networks.",
        ("GET", "/os-networks"),
    ),
    rule(
        "os-networks:show",
        PROJECT_READER_OR_ADMIN,
        "Show a network.",
        ("GET", "/os-networks/{network_id}"),
    ),
]
