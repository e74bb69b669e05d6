# SPDX-License-Identifier: Apache-2.0
"""Policy of restore and forceDelete."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

RESTORE = "os_compute_api:os-deferred-delete:restore"
FORCE = "os_compute_api:os-deferred-delete:force"

RULES = [
    rule(
        "os-deferred-delete:restore",
        PROJECT_MEMBER_OR_ADMIN,
        "Take back the deletion of a server.",
        ("POST", f"{_ACTION} (restore)"),
    ),
    rule(
        "os-deferred-delete:force",
        PROJECT_MEMBER_OR_ADMIN,
        "Delete a server for good, whatever reclaim_instance_interval says.",
        ("POST", f"{_ACTION} (forceDelete)"),
    ),
]
