# SPDX-License-Identifier: Apache-2.0
"""The addresses of a server, by network."""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.views import addresses as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import ips as policies


class IPsController(common.Controller):
    """/servers/{server_id}/ips and /ips/{network_label}."""

    @operation()
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """List a server's addresses by the name of their network."""
        row = common.allowed_instance(request, server_id, policies.INDEX)
        return {"addresses": views.plain(row)}

    @operation()
    def show(
        self, request: Request, server_id: str, network_label: str
    ) -> dict[str, Any]:
        """List a server's addresses in one network."""
        row = common.allowed_instance(request, server_id, policies.SHOW)
        addresses = views.plain(row)
        if network_label not in addresses:
            raise exception.NotFound(
                "Instance is not a member of specified network"
            )
        return {network_label: addresses[network_label]}
