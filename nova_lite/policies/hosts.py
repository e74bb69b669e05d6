# SPDX-License-Identifier: Apache-2.0
"""Policy of hosts (to 2.42)."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

BASE = "os_compute_api:os-hosts:"
LIST = BASE + "list"
SHOW = BASE + "show"
UPDATE = BASE + "update"
REBOOT = BASE + "reboot"
SHUTDOWN = BASE + "shutdown"
START = BASE + "start"

RULES = [
    rule(
        "os-hosts:list",
        ADMIN,
        "List the hosts.",
        ("GET", "/os-hosts"),
    ),
    rule(
        "os-hosts:show",
        ADMIN,
        "Show a host and what uses it.",
        ("GET", "/os-hosts/{host_name}"),
    ),
    rule(
        "os-hosts:update",
        ADMIN,
        "Enable a host, or put it into maintenance.",
        ("PUT", "/os-hosts/{host_name}"),
    ),
    rule(
        "os-hosts:reboot",
        ADMIN,
        "Reboot a host.",
        ("GET", "/os-hosts/{host_name}/reboot"),
    ),
    rule(
        "os-hosts:shutdown",
        ADMIN,
        "Shut a host down.",
        ("GET", "/os-hosts/{host_name}/shutdown"),
    ),
    rule(
        "os-hosts:start",
        ADMIN,
        "Start a host.",
        ("GET", "/os-hosts/{host_name}/startup"),
    ),
]
