# SPDX-License-Identifier: Apache-2.0
"""The actions suspend and resume of a server."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import suspend_server as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import suspend_server as policies


class SuspendServerController(common.Controller):
    """POST /servers/{server_id}/action {"suspend": ...}, {"resume": ...}."""

    @operation(body=schemas.SUSPEND, status=202)
    def suspend(self, request: Request, server_id: str, body: Any) -> None:
        """Save a server's memory and stop it."""
        row = common.allowed_instance(request, server_id, policies.SUSPEND)
        self.compute_api.suspend(request.context, row)

    @operation(body=schemas.RESUME, status=202)
    def resume(self, request: Request, server_id: str, body: Any) -> None:
        """Let a suspended server go on."""
        row = common.allowed_instance(request, server_id, policies.RESUME)
        self.compute_api.resume(request.context, row)
