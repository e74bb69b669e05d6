# SPDX-License-Identifier: Apache-2.0
"""Policy of the networks that servers may be on."""

from __future__ import annotations

from oslo_policy import policy

from nova_lite.policies.base import ADMIN

ATTACH_EXTERNAL = "network:attach_external_network"
CHOOSE_FIXED_IP = "network:choose_fixed_ip"

_OPERATIONS: list[policy.Operation] = [
    {"method": "POST", "path": "/servers"},
    {"method": "POST", "path": "/servers/{server_id}/os-interface"},
]

RULES = [
    policy.DocumentedRuleDefault(
        name=ATTACH_EXTERNAL,
        check_str=ADMIN,
        description="Put a server on an external network that is not shared.",
        operations=_OPERATIONS,
        scope_types=["project"],
    ),
    policy.DocumentedRuleDefault(
        name=CHOOSE_FIXED_IP,
        check_str=ADMIN,
        description="Say which address a server has on a network of another "
        "project.",
        operations=_OPERATIONS,
        scope_types=["project"],
    ),
]
