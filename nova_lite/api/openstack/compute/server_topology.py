# SPDX-License-Identifier: Apache-2.0
"""A server's NUMA topology."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import server_topology as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import server_topology as policies


class ServerTopologyController(common.Controller):
    """/servers/{server_id}/topology."""

    @operation(since="2.78", query=schemas.QUERY)
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """Show the NUMA nodes of a server.

        Guests get no topology of their own yet, and a server without one
        has no nodes to show; so nothing hangs on ``policies.HOST`` either.
        """
        common.allowed_instance(request, server_id, policies.INDEX)
        return {"nodes": [], "pagesize_kb": None}
