# SPDX-License-Identifier: Apache-2.0
"""/v2.0/auto-allocated-topology: a network for a project that has none.

It is made when first asked for: network, subnet, and a router to the default
external network. Its id follows from the project's, so two requests at once
make one.
"""

from __future__ import annotations

import uuid
from typing import Any

from nova_lite.db import session as db
from nova_lite.db.models.network import Network, Router
from nova_lite.db.repositories import network as networks_db
from nova_lite.db.repositories import network_change, network_port
from nova_lite.db.repositories import router as routers_db
from nova_lite.db.repositories.network_change import Told
from nova_lite.embedded import http
from nova_lite.embedded.network import quotas, rules
from nova_lite.embedded.network.collection import Work
from nova_lite.embedded.network.networks import VXLAN_OVERHEAD_BYTES
from nova_lite.embedded.network.notify import Notifier
from nova_lite.embedded.network.router_actions import add_subnet
from nova_lite.embedded.network.routers import set_gateway, settle
from nova_lite.embedded.network.settings import Settings
from nova_lite.network import addressing, router_errors

_NAMESPACE = uuid.UUID("0d0f4f0e-7d4a-4c58-9d0c-5c4d3a1c7b52")
_DRY_RUN = "dry-run"


class AutoTopology:
    """Handlers of /v2.0/auto-allocated-topology/{project}."""

    def __init__(self, settings: Settings, notifier: Notifier) -> None:
        self.settings = settings
        self.notifier = notifier

    def rows(self) -> list[http.Row]:
        """The routes."""
        path = "/v2.0/auto-allocated-topology/{project_id}"
        return [("GET", path, self.show), ("DELETE", path, self.delete)]

    def show(self, request: http.Request, project_id: str) -> Any:
        """GET: the project's network, which is made where it is missing.

        With ``fields=dry-run`` only whether that can be done.
        """
        context = request.context
        project_id = _project(context, project_id)
        if _DRY_RUN in request.GET.getall("fields"):
            _see_outer()
            ident = f"{_DRY_RUN}=pass"
        else:
            rules.check_create(
                context, "get_auto_allocated_topology", project_id
            )
            ident, told = self._provide(context, project_id)
            self.notifier.tell(context, told)
        return {
            "auto_allocated_topology": {
                "id": ident,
                "project_id": project_id,
                "tenant_id": project_id,
            }
        }

    def delete(self, request: http.Request, project_id: str) -> None:
        """DELETE: network and router, while nothing else uses them."""
        context = request.context
        project_id = _project(context, project_id)
        rules.check_create(
            context, "delete_auto_allocated_topology", project_id
        )
        self.notifier.tell(context, self._remove(context, project_id))

    @db.transaction
    def _provide(
        self, context: rules.Context, project_id: str
    ) -> tuple[str, Told]:
        ident = _id("network", project_id)
        with db.writer() as session:
            if session.get(Network, ident) is not None:
                return ident, Told(())
            work = Work(session, context, self.settings)
            outer = networks_db.default_external(session)
            if outer is None:
                raise _no_outer()
            for resource in ("network", "subnet", "router"):
                quotas.reserve(work, resource, [{"project_id": project_id}])
            subnet = self._network(work, project_id, ident)
            _router(work, project_id, outer, subnet)
            return ident, network_change.told(session, work.changes)

    def _network(self, work: Work, project_id: str, ident: str) -> Any:
        """The network with its subnet."""
        cidr = self.settings.auto_allocated_cidr
        gateway = addressing.default_gateway(cidr)
        networks_db.create(
            work.session,
            {
                "id": ident,
                "project_id": project_id,
                "name": "auto_allocated_network",
                "mtu": self.settings.mtu - VXLAN_OVERHEAD_BYTES,
            },
            self.settings.vni_ranges,
        )
        return networks_db.create_subnet(
            work.session,
            {
                "id": str(uuid.uuid4()),
                "network_id": ident,
                "project_id": project_id,
                "name": "auto_allocated_subnet_v4",
                "ip_version": 4,
                "cidr": cidr,
                "gateway_ip": gateway,
                "pools": addressing.default_pools(cidr, gateway),
                "dns_nameservers": [],
                "host_routes": [],
            },
        )

    @db.transaction
    def _remove(self, context: rules.Context, project_id: str) -> Told:
        with db.writer() as session:
            work = Work(session, context, self.settings)
            router = session.get(
                Router, _id("router", project_id), with_for_update=True
            )
            network = session.get(
                Network, _id("network", project_id), with_for_update=True
            )
            if router is not None:
                _remove_router(work, router, network)
            if network is not None:
                work.changes.hosts |= networks_db.delete(session, network)
            return network_change.told(session, work.changes)


def _id(kind: str, project_id: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{kind} of {project_id}"))


def _project(context: rules.Context, project_id: str) -> str:
    """Whose it is: "None" is the caller's own. Raises: Forbidden."""
    if project_id == "None":
        return context.project_id or ""
    if project_id != context.project_id:
        rules.check_admin(context, "get_auto_allocated_topology")
    return project_id


def _no_outer() -> router_errors.AutoAllocationFailure:
    return router_errors.AutoAllocationFailure(
        reason="No default router:external network"
    )


@db.transaction
def _see_outer() -> None:
    with db.reader() as session:
        if networks_db.default_external(session) is None:
            raise _no_outer()


def _router(work: Work, project_id: str, outer: str, subnet: Any) -> None:
    """The project's router; one that was made before is used again."""
    ident = _id("router", project_id)
    router = work.session.get(Router, ident, with_for_update=True)
    if router is None:
        router = routers_db.create(
            work.session,
            {
                "id": ident,
                "project_id": project_id,
                "name": "auto_allocated_router",
            },
        )
    set_gateway(work, router, {"network_id": outer})
    present = routers_db.legs(work.session, [ident])[ident]
    add_subnet(work, router, present, subnet.id)
    settle(work, router)


def _remove_router(work: Work, router: Any, network: Any) -> None:
    """Raises: RouterInUse where it has other interfaces."""
    legs = routers_db.legs(work.session, [router.id])[router.id]
    own = network.id if network is not None else ""
    for leg in legs:
        if not leg.is_gateway and leg.port.network_id != own:
            raise router_errors.RouterInUse(id=router.id)
        if leg.is_gateway and routers_db.has_floating_ips(
            work.session, router.id
        ):
            raise router_errors.RouterExternalGatewayInUseByFloatingIp(
                router_id=router.id, net_id=leg.port.network_id
            )
    work.changes.hosts.add(router.host)
    router.gateway_port_id = None
    work.session.flush()
    network_port.delete(work.session, [leg.port.id for leg in legs])
    routers_db.delete(work.session, router)
