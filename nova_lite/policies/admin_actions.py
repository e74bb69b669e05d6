# SPDX-License-Identifier: Apache-2.0
"""Policy of the actions of administrators."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, rule

_ACTION = "/servers/{server_id}/action"

RESET_STATE = "os_compute_api:os-admin-actions:reset_state"
INJECT_NETWORK_INFO = "os_compute_api:os-admin-actions:inject_network_info"

RULES = [
    rule(
        "os-admin-actions:reset_state",
        ADMIN,
        "Set the state of a server.",
        ("POST", f"{_ACTION} (os-resetState)"),
    ),
    rule(
        "os-admin-actions:inject_network_info",
        ADMIN,
        "Inject network information into a server.",
        ("POST", f"{_ACTION} (injectNetworkInfo)"),
    ),
]
