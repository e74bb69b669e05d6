# SPDX-License-Identifier: Apache-2.0
"""Policy of the networks that servers may be on."""

from __future__ import annotations

from oslo_policy import policy

from nova_lite.policies.base import ADMIN

ATTACH_EXTERNAL = "network:attach_external_network"

RULES = [
    policy.DocumentedRuleDefault(
        name=ATTACH_EXTERNAL,
        check_str=ADMIN,
        description="Put a server on an external network that is not shared.",
        operations=[
            {"method": "POST", "path": "/servers"},
            {"method": "POST", "path": "/servers/{server_id}/os-interface"},
        ],
        scope_types=["project"],
    )
]
