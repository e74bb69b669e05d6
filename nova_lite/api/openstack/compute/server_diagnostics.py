# SPDX-License-Identifier: Apache-2.0
"""A server's diagnostics: what its hypervisor tells of the guest."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import (
    server_diagnostics as schemas,
)
from nova_lite.api.openstack.compute.views import server_diagnostics as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import server_diagnostics as policies


class ServerDiagnosticsController(common.Controller):
    """/servers/{server_id}/diagnostics."""

    @operation(query=schemas.QUERY, errors=(409, 503))
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """Show the diagnostics of a guest that runs."""
        server = common.allowed_instance(request, server_id, policies.SHOW)
        context = request.context
        if not views.STANDARD.at(request.version):
            found: dict[str, Any] = self.compute_api.get_diagnostics(
                context, server
            )
            return found
        return views.show(
            self.compute_api.get_instance_diagnostics(context, server), server
        )
