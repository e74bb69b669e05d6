# SPDX-License-Identifier: Apache-2.0
"""The action changePassword of a server."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import admin_password as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import admin_password as policies


class AdminPasswordController(common.Controller):
    """POST /servers/{server_id}/action {"changePassword": ...}."""

    @operation(body=schemas.CHANGE_PASSWORD, status=202)
    def change_password(
        self, request: Request, server_id: str, body: Any
    ) -> None:
        """Change a password inside a server; done with the answer."""
        row = common.allowed_instance(
            request, server_id, policies.CHANGE_PASSWORD
        )
        self.compute_api.set_admin_password(
            request.context, row, body["changePassword"]["adminPass"]
        )
