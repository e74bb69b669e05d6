# SPDX-License-Identifier: Apache-2.0
"""The networks: what old clients ask the Compute API for, up to 2.35.

/os-networks and /os-tenant-networks, passed on to the network service with
the user's own token, which decides what the user may see.
"""

from __future__ import annotations

from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common, formats
from nova_lite.api.openstack.compute.proxies import LAST
from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.compute.views import networks as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Schema
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import networks as policies
from nova_lite.policies import tenant_networks as tenant_policies

_QUERY = Schema(types.EMPTY)


class _Controller(common.Controller):
    """Looks networks up."""

    def _all(self, request: Request) -> list[dict[str, Any]]:
        return self.networks(request).networks(request.context)

    def _one(self, request: Request, ident: str) -> dict[str, Any]:
        networks = self.networks(request)
        found = (
            networks.networks(request.context, {"id": ident})
            if formats.is_uuid(ident)
            else []
        )
        if not found:
            raise exception.NotFound("Network not found")
        return found[0]


class NetworksController(_Controller):
    """/os-networks."""

    @operation(until=LAST, query=_QUERY, errors=(501,))
    def index(self, request: Request) -> dict[str, Any]:
        """List the networks that the user sees."""
        context = request.context
        policy.authorize(context, policies.LIST)
        return {
            "networks": [
                views.network(one, is_admin=bool(context.is_admin))
                for one in self._all(request)
            ]
        }

    @operation(until=LAST, query=_QUERY, errors=(501,))
    def show(self, request: Request, id: str) -> dict[str, Any]:
        """Show a network."""
        context = request.context
        policy.authorize(context, policies.SHOW)
        found = self._one(request, id)
        shown = views.network(found, is_admin=bool(context.is_admin))
        return {"network": shown}


class TenantNetworksController(_Controller):
    """/os-tenant-networks."""

    @operation(until=LAST, query=_QUERY, errors=(501,))
    def index(self, request: Request) -> dict[str, Any]:
        """List the networks that the user sees."""
        policy.authorize(request.context, tenant_policies.LIST)
        return {"networks": [*map(views.tenant_network, self._all(request))]}

    @operation(until=LAST, query=_QUERY, errors=(501,))
    def show(self, request: Request, id: str) -> dict[str, Any]:
        """Show a network."""
        policy.authorize(request.context, tenant_policies.SHOW)
        return {"network": views.tenant_network(self._one(request, id))}
