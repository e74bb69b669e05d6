# SPDX-License-Identifier: Apache-2.0
"""Policy of quotas."""

from __future__ import annotations

from nova_lite.policies.base import (
    ADMIN,
    ANY,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:os-quota-sets:"
SHOW = BASE + "show"
DETAIL = BASE + "detail"
DEFAULTS = BASE + "defaults"
UPDATE = BASE + "update"
DELETE = BASE + "delete"

_ONE = "/os-quota-sets/{tenant_id}"

RULES = [
    rule("os-quota-sets:update", ADMIN, "Set quotas.", ("PUT", _ONE)),
    rule(
        "os-quota-sets:defaults",
        ANY,
        "Show the quotas of a project without its own.",
        ("GET", _ONE + "/defaults"),
    ),
    rule(
        "os-quota-sets:show",
        PROJECT_READER_OR_ADMIN,
        "Show the quotas of a project.",
        ("GET", _ONE),
    ),
    rule(
        "os-quota-sets:delete",
        ADMIN,
        "Give a project the default quotas again.",
        ("DELETE", _ONE),
    ),
    rule(
        "os-quota-sets:detail",
        PROJECT_READER_OR_ADMIN,
        "Show the quotas of a project and what is in use.",
        ("GET", _ONE + "/detail"),
    ),
]
