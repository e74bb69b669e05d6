# SPDX-License-Identifier: Apache-2.0
"""Policy of the addresses of servers."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_READER_OR_ADMIN, rule

BASE = "os_compute_api:ips:"
INDEX = BASE + "index"
SHOW = BASE + "show"

RULES = [
    rule(
        "ips:index",
        PROJECT_READER_OR_ADMIN,
        "List a server's addresses.",
        ("GET", "/servers/{server_id}/ips"),
    ),
    rule(
        "ips:show",
        PROJECT_READER_OR_ADMIN,
        "List a server's addresses in one network.",
        ("GET", "/servers/{server_id}/ips/{network_label}"),
    ),
]
