# SPDX-License-Identifier: Apache-2.0
"""/v2.0/routers/{id}/...: interfaces, extra routes, the agent that has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nova_lite.db import session as db
from nova_lite.db.models.network import Port, Subnet
from nova_lite.db.repositories import network as networks_db
from nova_lite.db.repositories import (
    network_agent,
    network_change,
    network_ipam,
    network_port,
    network_query,
    port_addresses,
)
from nova_lite.db.repositories import router as routers_db
from nova_lite.db.repositories.network_change import Told
from nova_lite.db.repositories.network_ipam import Fixed
from nova_lite.db.repositories.router import Leg
from nova_lite.embedded import http
from nova_lite.embedded.network import checks, rules
from nova_lite.embedded.network.agents import Agents
from nova_lite.embedded.network.collection import Work, touch
from nova_lite.embedded.network.routers import (
    ROUTES,
    Routers,
    bad_router,
    check_routes,
    settle,
)
from nova_lite.network import errors, router_errors

# (work, router, body) -> the answer
Step = Callable[[Work, Any, Mapping[str, Any]], Any]


class RouterActions(Routers):
    """Handlers of what is done to one router, beside its own."""

    def rows(self) -> list[http.Row]:
        """The routes."""
        one = f"{self.resource.path}/{{ident}}"
        return [
            *super().rows(),
            ("PUT", f"{one}/add_router_interface", self.add_interface),
            ("PUT", f"{one}/remove_router_interface", self.remove_interface),
            ("PUT", f"{one}/add_extraroutes", self.add_routes),
            ("PUT", f"{one}/remove_extraroutes", self.remove_routes),
            ("GET", f"{one}/l3-agents", self.agents),
        ]

    def add_interface(self, request: http.Request, ident: str) -> Any:
        """PUT .../add_router_interface."""
        body = _interface(request.object())
        if len(body) > 1:
            raise bad_router("Cannot specify both subnet-id and port-id")
        return self._act(request, ident, "add_router_interface", body, _add)

    def remove_interface(self, request: http.Request, ident: str) -> Any:
        """PUT .../remove_router_interface."""
        body = _interface(request.object())
        return self._act(
            request, ident, "remove_router_interface", body, _remove
        )

    def add_routes(self, request: http.Request, ident: str) -> Any:
        """PUT .../add_extraroutes."""
        body = {"routes": _extra_routes(request)}
        return self._act(
            request, ident, "add_extraroutes", body, self._more_routes
        )

    def remove_routes(self, request: http.Request, ident: str) -> Any:
        """PUT .../remove_extraroutes."""
        body = {"routes": _extra_routes(request)}
        return self._act(
            request, ident, "remove_extraroutes", body, self._fewer_routes
        )

    def agents(self, request: http.Request, ident: str) -> Any:
        """GET .../l3-agents: where the router lives, for administrators."""
        rules.check_admin(request.context, "get_l3-agents")
        return {"agents": self._agents(request.context, ident)}

    @db.transaction
    def _agents(
        self, context: rules.Context, ident: str
    ) -> list[dict[str, Any]]:
        with db.reader() as session:
            router = network_query.get(
                session, self.table, rules.viewer(context), ident
            )
            return [
                Agents(self.settings).view(row)
                for row in network_agent.agents(session)
                if row["host"] == router.host
            ]

    def _act(
        self,
        request: http.Request,
        ident: str,
        action: str,
        body: Mapping[str, Any],
        step: Step,
    ) -> Any:
        answer, told = self._transact(
            request.context, ident, action, body, step
        )
        self.notifier.tell(request.context, told)
        return answer

    @db.transaction
    def _transact(
        self,
        context: rules.Context,
        ident: str,
        action: str,
        body: Mapping[str, Any],
        step: Step,
    ) -> tuple[Any, Told]:
        with db.writer() as session:
            work = Work(session, context, self.settings)
            router = self._router(work, ident, action)
            answer = step(work, router, body)
            settle(work, router)
            touch(router)
            return answer, network_change.told(session, work.changes)

    def _router(self, work: Work, ident: str, action: str) -> Any:
        """The router, locked. Raises: RouterNotFound, Forbidden."""
        router = network_query.get(
            work.session,
            self.table,
            rules.viewer(work.context),
            ident,
            for_update=True,
        )
        rules.check_change(
            work.context,
            action,
            (router.project_id,),
            self.table.missing(id=ident),
        )
        return router

    def _more_routes(
        self, work: Work, router: Any, body: Mapping[str, Any]
    ) -> Any:
        new = [one for one in body["routes"] if one not in router.routes]
        return self._set_routes(work, router, [*router.routes, *new])

    def _fewer_routes(
        self, work: Work, router: Any, body: Mapping[str, Any]
    ) -> Any:
        left = [one for one in router.routes if one not in body["routes"]]
        return self._set_routes(work, router, left)

    def _set_routes(
        self, work: Work, router: Any, routes: list[dict[str, str]]
    ) -> Any:
        check_routes(work, router, routes)
        router.routes = routes
        work.session.flush()
        return {"router": self._views(work.session, work.context, [router])[0]}


def _extra_routes(request: http.Request) -> list[dict[str, str]]:
    body = request.object("router")
    try:
        found: list[dict[str, str]] = ROUTES(body.get("routes"))
    except ValueError as error:
        raise errors.InvalidAttribute(
            name="routes", reason=str(error)
        ) from error
    return found


def _interface(body: Mapping[str, Any]) -> dict[str, str]:
    """``port_id`` or ``subnet_id`` or both. Raises: BadRequest."""
    found = {}
    for name in ("port_id", "subnet_id"):
        if name in body:
            try:
                found[name] = checks.uuid(body[name])
            except ValueError as error:
                raise bad_router(str(error)) from error
    if not found:
        raise bad_router("Either subnet_id or port_id must be specified")
    return found


def _answer(
    router: Any, port: Port, subnet_ids: Sequence[str]
) -> dict[str, Any]:
    return {
        "id": router.id,
        "project_id": port.project_id,
        "tenant_id": port.project_id,
        "port_id": port.id,
        "network_id": port.network_id,
        "subnet_id": subnet_ids[-1] if subnet_ids else None,
        "subnet_ids": list(subnet_ids),
    }


# --- adding ------------------------------------------------------------------


def _add(work: Work, router: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    present = routers_db.legs(work.session, [router.id])[router.id]
    if "port_id" in body:
        return _add_port(work, router, present, body["port_id"])
    return add_subnet(work, router, present, body["subnet_id"])


def _add_port(
    work: Work, router: Any, present: Sequence[Leg], port_id: str
) -> dict[str, Any]:
    port = network_query.get(
        work.session,
        network_port.TABLE,
        rules.viewer(work.context),
        port_id,
        for_update=True,
    )
    if port.device_id:
        raise errors.PortInUse(
            net_id=port.network_id, port_id=port.id, device_id=port.device_id
        )
    leg = routers_db.leg(work.session, port)
    subnets = [subnet for subnet, _ in leg.addresses]
    if not subnets:
        raise bad_router("Router port must have at least one fixed IP")
    if sum(subnet.ip_version == 4 for subnet in subnets) > 1:
        raise bad_router("Cannot have multiple IPv4 subnets on router port")
    other = _ipv6_leg(present, port.network_id)
    if leg.has_ipv6() and other is not None:
        raise bad_router(
            "Cannot have multiple router ports with the same network id if "
            f"both contain IPv6 subnets. Existing port {other.port.id} has "
            f"IPv6 subnet(s) and network id {port.network_id}"
        )
    routers_db.check_overlap(present, subnets)
    port.device_id = router.id
    port.device_owner = network_agent.INTERFACE
    touch(port)
    work.changes.networks.add(port.network_id)
    return _answer(router, port, [subnet.id for subnet in subnets])


def add_subnet(
    work: Work, router: Any, present: Sequence[Leg], subnet_id: str
) -> dict[str, Any]:
    """Give a router, locked by the caller, a leg with a subnet's gateway."""
    subnet = network_query.get(
        work.session,
        networks_db.SUBNETS,
        rules.viewer(work.context),
        subnet_id,
    )
    if not subnet.gateway_ip:
        raise bad_router("Subnet for router interface must have a gateway IP")
    own = subnet.project_id == work.context.project_id
    if not own and not rules.is_admin(work.context):
        # It would be everybody's gateway on a shared network.
        raise bad_router(
            f"Cannot add interface to router because subnet {subnet_id} is "
            "not owned by project making the request"
        )
    if subnet.ipv6_address_mode and not subnet.ipv6_ra_mode:
        raise bad_router(
            f"IPv6 subnet {subnet.id} configured to receive RAs from an "
            "external router cannot be added to Neutron Router."
        )
    routers_db.check_overlap(present, [subnet])
    port = _leg_for(work, router, present, subnet)
    work.changes.networks.add(subnet.network_id)
    return _answer(router, port, [subnet.id])


def _leg_for(
    work: Work, router: Any, present: Sequence[Leg], subnet: Subnet
) -> Port:
    """A port with the subnet's gateway address; IPv6 ones share one."""
    fixed = Fixed(subnet.id, subnet.gateway_ip)
    other = _ipv6_leg(present, subnet.network_id)
    if subnet.ip_version == 6 and other is not None:
        port_addresses.replace(
            work.session,
            other.port,
            [*(Fixed(s.id, address) for s, address in other.addresses), fixed],
        )
        return other.port
    return network_port.create(
        work.session,
        subnet.network_id,
        network_ipam.subnets(work.session, subnet.network_id),
        {
            "project_id": router.project_id,
            "device_id": router.id,
            "device_owner": network_agent.INTERFACE,
            "port_security_enabled": False,
        },
        [fixed],
        base_mac=work.settings.base_mac,
    )


def _ipv6_leg(present: Sequence[Leg], network_id: str) -> Leg | None:
    """The interface that has a network's IPv6 prefixes."""
    for leg in present:
        same = leg.port.network_id == network_id
        if same and not leg.is_gateway and leg.has_ipv6():
            return leg
    return None


# --- removing ----------------------------------------------------------------


def _remove(
    work: Work, router: Any, body: Mapping[str, Any]
) -> dict[str, Any]:
    present = [
        leg
        for leg in routers_db.legs(work.session, [router.id])[router.id]
        if not leg.is_gateway
    ]
    if "port_id" in body:
        leg, gone = _by_port(router, present, body)
    else:
        leg, gone = _by_subnet(router, present, body["subnet_id"])
    _check_unused(work, router, gone)
    work.changes.networks.add(leg.port.network_id)
    left = [
        Fixed(subnet.id, address)
        for subnet, address in leg.addresses
        if subnet.id not in gone
    ]
    if left:
        port_addresses.replace(work.session, leg.port, left)
    else:
        network_port.delete(work.session, [leg.port.id])
    return _answer(router, leg.port, gone)


def _by_port(
    router: Any, present: Sequence[Leg], body: Mapping[str, Any]
) -> tuple[Leg, list[str]]:
    port_id = body["port_id"]
    leg = next((one for one in present if one.port.id == port_id), None)
    if leg is None:
        raise router_errors.RouterInterfaceNotFound(
            router_id=router.id, port_id=port_id
        )
    gone = [subnet.id for subnet, _ in leg.addresses]
    if "subnet_id" in body and body["subnet_id"] not in gone:
        raise router_errors.SubnetMismatchForPort(
            port_id=port_id, subnet_id=body["subnet_id"]
        )
    return leg, gone


def _by_subnet(
    router: Any, present: Sequence[Leg], subnet_id: str
) -> tuple[Leg, list[str]]:
    for leg in present:
        if any(subnet.id == subnet_id for subnet, _ in leg.addresses):
            return leg, [subnet_id]
    raise router_errors.RouterInterfaceNotFoundForSubnet(
        router_id=router.id, subnet_id=subnet_id
    )


def _check_unused(work: Work, router: Any, subnet_ids: Sequence[str]) -> None:
    """See that no floating IP and no route needs the subnets."""
    used = routers_db.floating_ips_inside(work.session, router.id, subnet_ids)
    if used is not None:
        raise router_errors.RouterInterfaceInUseByFloatingIP(
            router_id=router.id, subnet_id=used
        )
    used = routers_db.routed(work.session, router.routes, subnet_ids)
    if used is not None:
        raise router_errors.RouterInterfaceInUseByRoute(
            router_id=router.id, subnet_id=used
        )
