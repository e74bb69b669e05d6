# SPDX-License-Identifier: Apache-2.0
"""Policy of the stream of server events, an extension of nova-lite."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_READER_OR_ADMIN, rule

_PATH = "/servers/events"

EVENTS = "os_compute_api:servers:events"
EVENTS_ALL = "os_compute_api:servers:events:get_all_tenants"

RULES = [
    rule(
        "servers:events",
        PROJECT_READER_OR_ADMIN,
        "Follow the state changes of the project's servers.",
        ("GET", _PATH),
    ),
    rule(
        "servers:events:get_all_tenants",
        ADMIN,
        "Follow the state changes of the servers of all projects.",
        ("GET", _PATH),
    ),
]
