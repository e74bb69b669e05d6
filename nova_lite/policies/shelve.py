# SPDX-License-Identifier: Apache-2.0
"""Policy of shelve, shelveOffload and unshelve."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_MEMBER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

SHELVE = "os_compute_api:os-shelve:shelve"
UNSHELVE = "os_compute_api:os-shelve:unshelve"
UNSHELVE_TO_HOST = "os_compute_api:os-shelve:unshelve_to_host"
SHELVE_OFFLOAD = "os_compute_api:os-shelve:shelve_offload"

RULES = [
    rule(
        "os-shelve:shelve",
        PROJECT_MEMBER_OR_ADMIN,
        "Shelve a server.",
        ("POST", f"{_ACTION} (shelve)"),
    ),
    rule(
        "os-shelve:unshelve",
        PROJECT_MEMBER_OR_ADMIN,
        "Unshelve a shelved server.",
        ("POST", f"{_ACTION} (unshelve)"),
    ),
    rule(
        "os-shelve:unshelve_to_host",
        ADMIN,
        "Name the host on which a server is unshelved.",
        ("POST", f"{_ACTION} (unshelve)"),
    ),
    rule(
        "os-shelve:shelve_offload",
        ADMIN,
        "Take a shelved server off its host.",
        ("POST", f"{_ACTION} (shelveOffload)"),
    ),
]
