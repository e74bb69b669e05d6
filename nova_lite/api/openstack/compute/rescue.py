# SPDX-License-Identifier: Apache-2.0
"""The actions rescue and unrescue of a server."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import servers
from nova_lite.api.openstack.compute.schemas import rescue as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import rescue as policies


class RescueController(common.Controller):
    """POST /servers/{server_id}/action {"rescue": ...}, {"unrescue": ...}."""

    @operation(body=schemas.RESCUE, status=200)
    def rescue(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Start a server from another image, to repair its disk."""
        asked = body["rescue"] or {}
        row = common.allowed_instance(request, server_id, policies.RESCUE)
        password = asked.get("adminPass") or servers.new_password()
        self.compute_api.rescue(
            request.context, row, asked.get("rescue_image_ref"), password
        )
        if not self.settings.enable_instance_password:
            return {}
        return {"adminPass": password}

    @operation(body=schemas.UNRESCUE, status=202)
    def unrescue(self, request: Request, server_id: str, body: Any) -> None:
        """Start a rescued server from its own disk again."""
        row = common.allowed_instance(request, server_id, policies.UNRESCUE)
        self.compute_api.unrescue(request.context, row)
