# SPDX-License-Identifier: Apache-2.0
"""The os-aggregates resource: this cloud has none to list.

The stock client asks for them when it shows a hypervisor.
"""

from __future__ import annotations

from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import aggregates as policies


class AggregatesController(common.Controller):
    """/os-aggregates."""

    @operation()
    def index(self, request: Request) -> dict[str, Any]:
        """List the aggregates."""
        policy.authorize(request.context, policies.INDEX)
        return {"aggregates": []}
