# SPDX-License-Identifier: Apache-2.0
"""Policy of instance actions."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_READER_OR_ADMIN, rule

BASE = "os_compute_api:os-instance-actions:"
LIST = BASE + "list"
SHOW = BASE + "show"
EVENTS = BASE + "events"
DETAILS = BASE + "events:details"

_LIST = ("GET", "/servers/{server_id}/os-instance-actions")
_SHOW = ("GET", "/servers/{server_id}/os-instance-actions/{request_id}")

RULES = [
    rule(
        "os-instance-actions:list",
        PROJECT_READER_OR_ADMIN,
        "List what was done to a server.",
        _LIST,
    ),
    rule(
        "os-instance-actions:show",
        PROJECT_READER_OR_ADMIN,
        "Show one action of a server.",
        _SHOW,
    ),
    rule(
        "os-instance-actions:events",
        ADMIN,
        "See the tracebacks of an action's events (all of the events before "
        "2.51), and their host.",
        _SHOW,
    ),
    rule(
        "os-instance-actions:events:details",
        ADMIN,
        "See the details of an action's events from 2.84 on.",
        _SHOW,
    ),
]
