# SPDX-License-Identifier: Apache-2.0
"""Policy of a server's live migrations."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_MANAGER_OR_ADMIN, rule

BASE = "os_compute_api:servers:migrations:"
INDEX = BASE + "index"
HOST = BASE + "index:host"
SHOW = BASE + "show"
FORCE_COMPLETE = BASE + "force_complete"
DELETE = BASE + "delete"

_ALL = "/servers/{server_id}/migrations"
_ONE = "/servers/{server_id}/migrations/{migration_id}"

RULES = [
    rule(
        "servers:migrations:index",
        PROJECT_MANAGER_OR_ADMIN,
        "List a server's live migrations that are on their way, without the "
        "names of hosts.",
        ("GET", _ALL),
    ),
    rule(
        "servers:migrations:index:host",
        ADMIN,
        "See the hosts of a server's listed live migrations.",
        ("GET", _ALL),
    ),
    rule(
        "servers:migrations:show",
        ADMIN,
        "Show one of a server's live migrations that is on its way.",
        ("GET", _ONE),
    ),
    rule(
        "servers:migrations:force_complete",
        PROJECT_MANAGER_OR_ADMIN,
        "Make a live migration end now, at the price of a longer pause.",
        ("POST", _ONE + "/action (force_complete)"),
    ),
    rule(
        "servers:migrations:delete",
        PROJECT_MANAGER_OR_ADMIN,
        "Abort a live migration.",
        ("DELETE", _ONE),
    ),
]
