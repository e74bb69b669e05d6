# SPDX-License-Identifier: Apache-2.0
"""Policy of hypervisors."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

BASE = "os_compute_api:os-hypervisors:"
LIST = BASE + "list"
LIST_DETAIL = BASE + "list-detail"
STATISTICS = BASE + "statistics"
SHOW = BASE + "show"
UPTIME = BASE + "uptime"
SEARCH = BASE + "search"
SERVERS = BASE + "servers"

_ALL = "/os-hypervisors"
_ONE = "/os-hypervisors/{hypervisor_id}"

RULES = [
    rule("os-hypervisors:list", ADMIN, "List hypervisors.", ("GET", _ALL)),
    rule(
        "os-hypervisors:list-detail",
        ADMIN,
        "List hypervisors with their details.",
        ("GET", _ALL + "/detail"),
    ),
    rule(
        "os-hypervisors:statistics",
        ADMIN,
        "Show the sums over all hypervisors (to 2.87).",
        ("GET", _ALL + "/statistics"),
    ),
    rule("os-hypervisors:show", ADMIN, "Show a hypervisor.", ("GET", _ONE)),
    rule(
        "os-hypervisors:uptime",
        ADMIN,
        "Show for how long a hypervisor has been up (to 2.87).",
        ("GET", _ONE + "/uptime"),
    ),
    rule(
        "os-hypervisors:search",
        ADMIN,
        "Find hypervisors by a part of their name (to 2.52).",
        ("GET", _ALL + "/{pattern}/search"),
    ),
    rule(
        "os-hypervisors:servers",
        ADMIN,
        "List the servers on hypervisors.",
        ("GET", _ALL + "/{pattern}/servers"),
    ),
]
