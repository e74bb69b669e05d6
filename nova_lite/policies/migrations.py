# SPDX-License-Identifier: Apache-2.0
"""Policy of the list of migrations."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_MANAGER_OR_ADMIN, rule

BASE = "os_compute_api:os-migrations:index"
INDEX = BASE
ALL_PROJECTS = BASE + ":all_projects"
HOST = BASE + ":host"

_LIST = ("GET", "/os-migrations")

RULES = [
    rule(
        "os-migrations:index",
        PROJECT_MANAGER_OR_ADMIN,
        "List the project's migrations, without the names of hosts.",
        _LIST,
    ),
    rule(
        "os-migrations:index:all_projects",
        ADMIN,
        "List the migrations of every project, or of another one.",
        _LIST,
    ),
    rule(
        "os-migrations:index:host",
        ADMIN,
        "See the hosts of the listed migrations, and search by them.",
        _LIST,
    ),
]
