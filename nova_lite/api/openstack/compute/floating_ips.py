# SPDX-License-Identifier: Apache-2.0
"""Floating IPs: what old clients ask the Compute API for, up to 2.35.

Passed on to the network service with the user's own token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common, formats
from nova_lite.api.openstack.compute.proxies import LAST
from nova_lite.api.openstack.compute.schemas import floating_ips as schemas
from nova_lite.api.openstack.compute.views import floating_ips as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import floating_ip_pools as pool_policies
from nova_lite.policies import floating_ips as policies


class FloatingIPPoolsController(common.Controller):
    """/os-floating-ip-pools."""

    @operation(until=LAST, query=schemas.ANY_QUERY, errors=(501,))
    def index(self, request: Request) -> dict[str, Any]:
        """List the networks that floating IPs come from."""
        policy.authorize(request.context, pool_policies.LIST)
        found = self.networks(request).networks(
            request.context, {"router:external": True}
        )
        return {
            "floating_ip_pools": [
                {"name": one["name"] or one["id"]} for one in found
            ]
        }


class FloatingIPsController(common.Controller):
    """/os-floating-ips."""

    @operation(until=LAST, query=schemas.ANY_QUERY, errors=(501,))
    def index(self, request: Request) -> dict[str, Any]:
        """List the floating IPs of the project."""
        context = request.context
        policy.authorize(context, policies.LIST)
        found = self.networks(request).floating_ips(
            context, {"tenant_id": context.project_id}
        )
        return {"floating_ips": self._shown(request, found)}

    @operation(until=LAST, query=schemas.ANY_QUERY, errors=(501,))
    def show(self, request: Request, id: str) -> dict[str, Any]:
        """Show a floating IP."""
        policy.authorize(request.context, policies.SHOW)
        (shown,) = self._shown(request, [self._find(request, id)])
        return {"floating_ip": shown}

    @operation(until=LAST, body=schemas.CREATE, errors=(501,))
    def create(self, request: Request, body: Any) -> dict[str, Any]:
        """Allocate a floating IP, from a pool that may be named."""
        context = request.context
        policy.authorize(context, policies.CREATE)
        pool = (body or {}).get("pool")
        networks = self.networks(request)
        try:
            made = networks.allocate_floating_ip(context, pool)
        except exception.FloatingIpLimitExceeded:
            where = f" in pool {pool}" if pool else ""
            raise exception.FloatingIpLimitExceeded(
                f"IP allocation over quota{where}."
            ) from None
        (shown,) = self._shown(request, [made])
        return {"floating_ip": shown}

    @operation(until=LAST, status=202, errors=(409, 501))
    def delete(self, request: Request, id: str) -> None:
        """Release a floating IP, wherever it leads."""
        policy.authorize(request.context, policies.DELETE)
        found = self._find(request, id)
        self.networks(request).release_floating_ip(
            request.context, found["id"]
        )

    def _find(self, request: Request, ident: str) -> dict[str, Any]:
        """Raises: Invalid for what is no id, FloatingIpNotFound."""
        if not formats.is_uuid(ident):
            raise exception.Invalid("The ID has to be a UUID.")
        found = self.networks(request).floating_ips(
            request.context, {"id": ident}
        )
        if not found:
            raise exception.FloatingIpNotFound(id=ident)
        return found[0]

    def _shown(
        self, request: Request, found: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """With their pools' names and their servers, in two requests."""
        context, networks = request.context, self.networks(request)
        pools = common.of_ids(
            networks.networks,
            context,
            [one["floating_network_id"] for one in found],
        )
        ports = common.of_ids(
            networks.ports,
            context,
            [one["port_id"] for one in found if one["port_id"]],
        )
        return [views.floating_ip(one, pools, ports) for one in found]
