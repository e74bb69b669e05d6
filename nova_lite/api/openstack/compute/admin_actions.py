# SPDX-License-Identifier: Apache-2.0
"""The actions of administrators: os-resetState and injectNetworkInfo."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import admin_actions as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import admin_actions as policies


class AdminActionsController(common.Controller):
    """POST /servers/{server_id}/action {"os-resetState": ...} and so on."""

    @operation(body=schemas.RESET_STATE, status=202)
    def reset_state(self, request: Request, server_id: str, body: Any) -> None:
        """Say that a server is active or in error, and nothing under way."""
        row = common.allowed_instance(request, server_id, policies.RESET_STATE)
        state = body["os-resetState"]["state"]
        self.compute_api.reset_state(request.context, row, state)

    @operation(body=schemas.INJECT_NETWORK_INFO, status=202)
    def inject_network_info(
        self, request: Request, server_id: str, body: Any
    ) -> None:
        """Accepted, and without an effect, as with upstream's libvirt."""
        row = common.allowed_instance(
            request, server_id, policies.INJECT_NETWORK_INFO
        )
        self.compute_api.inject_network_info(request.context, row)
