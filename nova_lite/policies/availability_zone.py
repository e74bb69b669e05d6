# SPDX-License-Identifier: Apache-2.0
"""Policy of availability zones."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, ANY, rule

LIST = "os_compute_api:os-availability-zone:list"
DETAIL = "os_compute_api:os-availability-zone:detail"

RULES = [
    rule(
        "os-availability-zone:list",
        ANY,
        "List availability zones.",
        ("GET", "/os-availability-zone"),
    ),
    rule(
        "os-availability-zone:detail",
        ADMIN,
        "List availability zones with their hosts.",
        ("GET", "/os-availability-zone/detail"),
    ),
]
