# SPDX-License-Identifier: Apache-2.0
"""Policy of cold migrations."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_MANAGER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

MIGRATE = "os_compute_api:os-migrate-server:migrate"
MIGRATE_HOST = "os_compute_api:os-migrate-server:migrate:host"

RULES = [
    rule(
        "os-migrate-server:migrate",
        PROJECT_MANAGER_OR_ADMIN,
        "Migrate a server while it is off, to a host of the cloud's choice.",
        ("POST", f"{_ACTION} (migrate)"),
    ),
    rule(
        "os-migrate-server:migrate:host",
        ADMIN,
        "Migrate a server while it is off, to a host that is named.",
        ("POST", f"{_ACTION} (migrate)"),
    ),
]
