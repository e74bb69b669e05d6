# SPDX-License-Identifier: Apache-2.0
"""The security groups of a server: which it has, one more, one less."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import (
    security_groups as schemas,
)
from nova_lite.api.openstack.compute.security_groups import GroupController
from nova_lite.api.openstack.compute.views import security_groups as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import security_groups as policies


class ServerSecurityGroupsController(GroupController):
    """/servers/{server_id}/os-security-groups."""

    @operation(query=schemas.ANY_QUERY, errors=(501,))
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """List the security groups on a server's ports, with their rules."""
        row = common.allowed_instance(request, server_id, policies.LIST)
        ports = self.networks(request).ports(
            request.context, {"device_id": row["uuid"]}
        )
        ids = {one for port in ports for one in port["security_groups"]}
        groups = self._of_ids(request, ids).values()
        known = self._known(request, groups)
        return {"security_groups": views.list_(groups, known)}


class SecurityGroupActionsController(common.Controller):
    """POST /servers/{server_id}/action {"addSecurityGroup": ...} and back."""

    @operation(body=schemas.ADD, status=202, errors=(409, 501))
    def add(self, request: Request, server_id: str, body: Any) -> None:
        """Put a security group on every port of a server."""
        row = common.allowed_instance(request, server_id, policies.ADD)
        self.networks(request).add_security_group(
            request.context, row["uuid"], body["addSecurityGroup"]["name"]
        )

    @operation(body=schemas.REMOVE, status=202, errors=(409, 501))
    def remove(self, request: Request, server_id: str, body: Any) -> None:
        """Take a security group off every port of a server."""
        row = common.allowed_instance(request, server_id, policies.REMOVE)
        self.networks(request).remove_security_group(
            request.context, row["uuid"], body["removeSecurityGroup"]["name"]
        )
