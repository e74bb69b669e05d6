# SPDX-License-Identifier: Apache-2.0
"""The actions pause and unpause of a server."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import pause_server as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import pause_server as policies


class PauseServerController(common.Controller):
    """POST /servers/{server_id}/action {"pause": ...}, {"unpause": ...}."""

    @operation(body=schemas.PAUSE, status=202)
    def pause(self, request: Request, server_id: str, body: Any) -> None:
        """Stop a server's processors."""
        row = common.allowed_instance(request, server_id, policies.PAUSE)
        self.compute_api.pause(request.context, row)

    @operation(body=schemas.UNPAUSE, status=202)
    def unpause(self, request: Request, server_id: str, body: Any) -> None:
        """Let a paused server go on."""
        row = common.allowed_instance(request, server_id, policies.UNPAUSE)
        self.compute_api.unpause(request.context, row)
