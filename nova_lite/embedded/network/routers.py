# SPDX-License-Identifier: Apache-2.0
"""/v2.0/routers: their gateways and static routes; interfaces elsewhere.

Each change has the router's row locked, so that its legs do not change
meanwhile, and ends by seeing that the router lives on a host that can reach
its networks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite.db.repositories import network as networks_db
from nova_lite.db.repositories import (
    network_agent,
    network_ipam,
    network_port,
    network_query,
    port_addresses,
)
from nova_lite.db.repositories import router as routers_db
from nova_lite.db.repositories.network_ipam import Fixed
from nova_lite.db.repositories.router import Leg
from nova_lite.embedded.network import checks, quotas, rules
from nova_lite.embedded.network.attributes import Attribute, Resource
from nova_lite.embedded.network.collection import (
    Collection,
    Work,
    standard,
)
from nova_lite.network import errors, router_errors

_GATEWAY = checks.or_none(
    checks.mapping(
        network_id=checks.or_none(checks.uuid),
        enable_snat=checks.boolean,
        external_fixed_ips=checks.list_of(
            checks.mapping(subnet_id=checks.uuid, ip_address=checks.address)
        ),
    )
)
ROUTES = checks.list_of(
    checks.needing(
        checks.mapping(destination=checks.cidr, nexthop=checks.address),
        ("destination", "nexthop"),
    ),
    most=1000,
)
# As Neutron's max_routes.
_MAX_ROUTES = 30


def _routes(value: Any) -> Any:
    return [] if value is None else ROUTES(value)


def _false(value: Any) -> bool:
    if checks.boolean(value):
        raise ValueError("this service does not have such routers")
    return False


class Routers(Collection):
    """Handlers of /v2.0/routers."""

    resource = Resource(
        "router",
        "routers",
        (
            Attribute("name", checks.text(), ""),
            Attribute("description", checks.text(), ""),
            Attribute("admin_state_up", checks.boolean, True),
            Attribute("external_gateway_info", _GATEWAY),
            Attribute("routes", _routes, post=False),
            Attribute("distributed", _false, admin=True, owner_reads=False),
            Attribute("ha", _false, admin=True, owner_reads=False),
            Attribute(
                "availability_zone_hints",
                checks.list_of(checks.one_of("nova")),
                put=False,
            ),
        ),
    )
    table = routers_db.ROUTERS

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        quotas.reserve(work, "router", items)

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        router = routers_db.create(
            work.session,
            {
                name: values[name]
                for name in (
                    "project_id",
                    "name",
                    "description",
                    "admin_state_up",
                )
            },
        )
        info = values.get("external_gateway_info")
        if info:
            set_gateway(work, router, info)
        settle(work, router)
        return router

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        work.changes.routers.add(row.id)
        if "routes" in values:
            check_routes(work, row, values["routes"])
            row.routes = values["routes"]
        if "external_gateway_info" in values:
            set_gateway(work, row, values["external_gateway_info"])
        for name in ("name", "description", "admin_state_up"):
            if name in values:
                setattr(row, name, values[name])
        settle(work, row)

    def remove(self, work: Work, row: Any) -> None:
        present = routers_db.legs(work.session, [row.id])[row.id]
        if any(not leg.is_gateway for leg in present):
            raise router_errors.RouterInUse(id=row.id)
        work.changes.hosts.add(row.host)
        _drop_gateway(work, row, present)
        routers_db.delete(work.session, row)

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        ids = [row.id for row in rows]
        tags = network_query.tags(session, ids)
        legs = routers_db.legs(session, ids)
        return [view(row, tags[row.id], legs[row.id]) for row in rows]


def view(row: Any, tags: Sequence[str], legs: Sequence[Leg]) -> dict[str, Any]:
    """A router as the API shows it."""
    return standard(row, tags) | {
        "name": row.name,
        "admin_state_up": row.admin_state_up,
        "status": "ACTIVE",
        "external_gateway_info": next(
            (_gateway_view(row, leg) for leg in legs if leg.is_gateway), None
        ),
        "routes": row.routes,
        "distributed": False,
        "ha": False,
        "availability_zone_hints": [],
        "availability_zones": ["nova"] if row.host else [],
        "flavor_id": None,
    }


def _gateway_view(row: Any, leg: Leg) -> dict[str, Any]:
    return {
        "network_id": leg.port.network_id,
        "enable_snat": row.enable_snat,
        "external_fixed_ips": [
            {"subnet_id": subnet.id, "ip_address": address}
            for subnet, address in leg.addresses
        ],
    }


def settle(work: Work, router: Any) -> None:
    """See that a router lives where it can, and its host hears of it.

    Called at the end of every change of a router and its legs.
    """
    work.session.flush()
    work.changes.hosts.add(router.host)
    work.changes.hosts |= network_agent.place(
        work.session, [router.id], work.settings.service_down_time_s
    )
    work.session.refresh(router, ["host"])
    network_agent.bind_legs(work.session, [router.id], router.host)
    work.changes.hosts.add(router.host)


# --- the leg outside ---------------------------------------------------------


def set_gateway(
    work: Work, router: Any, info: Mapping[str, Any] | None
) -> None:
    """Give a router the gateway that a body asks for; empty: none."""
    info = info or {}
    _check_rights(work, info)
    present = routers_db.legs(work.session, [router.id])[router.id]
    gateway = next((leg for leg in present if leg.is_gateway), None)
    network_id = info.get("network_id")
    if network_id is None:
        if info and "network_id" not in info:
            raise errors.InvalidAttribute(
                name="external_gateway_info",
                reason="it needs the key network_id",
            )
        _drop_gateway(work, router, present)
        router.enable_snat = True
        return
    fixed_ips = _external_ips(info)
    _check_outside(work, network_id, fixed_ips)
    if gateway is None or gateway.port.network_id != network_id:
        _drop_gateway(work, router, present)
        _make_gateway(
            work,
            router,
            network_id,
            fixed_ips,
            [leg for leg in present if leg is not gateway],
        )
    elif fixed_ips and _differ(gateway, fixed_ips):
        port_addresses.replace(work.session, gateway.port, fixed_ips)
    router.enable_snat = info.get("enable_snat", True)


def _check_rights(work: Work, info: Mapping[str, Any]) -> None:
    """What of a gateway only an administrator may say."""
    for name in ("enable_snat", "external_fixed_ips"):
        if name in info:
            rules.check_admin(
                work.context, f"update_router:external_gateway_info:{name}"
            )


def _external_ips(info: Mapping[str, Any]) -> list[Fixed] | None:
    found = [
        Fixed(one.get("subnet_id"), one.get("ip_address"))
        for one in info.get("external_fixed_ips", ())
        if one
    ]
    return found or None


def _check_outside(
    work: Work, network_id: str, fixed_ips: Sequence[Fixed] | None
) -> None:
    """Raises: NetworkNotFound, BadRequest."""
    network = network_query.get(
        work.session,
        networks_db.TABLE,
        rules.viewer(work.context),
        network_id,
    )
    if not network.external:
        raise bad_router(f"Network {network_id} is not an external network")
    gateways = {
        subnet.gateway_ip
        for subnet in network_ipam.subnets(work.session, network_id)
    }
    for one in fixed_ips or ():
        if one.address in gateways:
            raise bad_router(
                f"External IP {one.address} is the same as the gateway IP"
            )


def _make_gateway(
    work: Work,
    router: Any,
    network_id: str,
    fixed_ips: Sequence[Fixed] | None,
    present: Sequence[Leg],
) -> None:
    subnets = network_ipam.subnets(work.session, network_id)
    routers_db.check_overlap(present, subnets, gateway=True)
    port = network_port.create(
        work.session,
        network_id,
        subnets,
        {
            # No project: it is hidden from users.
            "project_id": "",
            "device_id": router.id,
            "device_owner": network_agent.GATEWAY,
            "port_security_enabled": False,
        },
        fixed_ips,
        base_mac=work.settings.base_mac,
    )
    router.gateway_port_id = port.id


def _differ(gateway: Leg, fixed_ips: Sequence[Fixed]) -> bool:
    """Whether other addresses are asked for than the gateway has."""
    present = [{subnet.id, address} for subnet, address in gateway.addresses]
    asked = [{one.subnet_id, one.address} - {None} for one in fixed_ips]
    return len(asked) != len(present) or not all(
        any(one <= have for have in present) for one in asked
    )


def _drop_gateway(work: Work, router: Any, present: Sequence[Leg]) -> None:
    gateway = next((leg for leg in present if leg.is_gateway), None)
    if gateway is None:
        return
    if routers_db.has_floating_ips(work.session, router.id):
        raise router_errors.RouterExternalGatewayInUseByFloatingIp(
            router_id=router.id, net_id=gateway.port.network_id
        )
    router.gateway_port_id = None
    work.session.flush()
    work.changes.networks.add(gateway.port.network_id)
    network_port.delete(work.session, [gateway.port.id])


def bad_router(reason: str) -> errors.BadRequest:
    """The refusal in Neutron's words."""
    return errors.BadRequest(f"Bad router request: {reason}.")


# --- static routes -----------------------------------------------------------


def check_routes(
    work: Work, router: Any, routes: Sequence[Mapping[str, str]]
) -> None:
    """See that each next hop is a neighbour of the router.

    Raises: RoutesExhausted, InvalidRoutes.
    """
    if len(routes) > _MAX_ROUTES:
        raise router_errors.RoutesExhausted(
            router_id=router.id, quota=_MAX_ROUTES
        )
    legs = routers_db.legs(work.session, [router.id])[router.id]
    near = [
        (ipaddress.ip_network(subnet.cidr), address)
        for leg in legs
        for subnet, address in leg.addresses
    ]
    own = {address for _, address in near}
    for route in routes:
        hop = ipaddress.ip_address(route["nexthop"])
        if hop.version != ipaddress.ip_network(route["destination"]).version:
            reason = "destination and nexthop are of different IP versions"
        elif not any(hop in cidr for cidr, _ in near):
            reason = "the nexthop is not connected with router"
        elif route["nexthop"] in own:
            reason = "the nexthop is used by router"
        else:
            continue
        raise router_errors.InvalidRoutes(routes=[dict(route)], reason=reason)
