# SPDX-License-Identifier: Apache-2.0
"""Routers of the embedded network service and their legs.

A leg is a port whose device_id is the router: in its project's networks
(network:router_interface), or outside (network:router_gateway). Whoever
changes legs has the router's row locked.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.network import (
    FloatingIP,
    IPAllocation,
    Port,
    Router,
    Subnet,
)
from nova_lite.db.repositories import network_query
from nova_lite.db.repositories.network_agent import (
    GATEWAY,
    INTERFACE,
    LEGS,
)
from nova_lite.network import errors, router_errors

ROUTERS = network_query.Table(
    model=Router,
    missing=router_errors.RouterNotFound,
    columns=network_query.standard_columns(
        Router, "name", "admin_state_up", "enable_snat"
    ),
    seen=network_query.own(Router),
)


@dataclass(frozen=True, slots=True)
class Leg:
    """A router's port with its addresses, each with its subnet."""

    port: Port
    addresses: list[tuple[Subnet, str]] = field(default_factory=list)

    @property
    def is_gateway(self) -> bool:
        """Whether it leads outside."""
        return self.port.device_owner == GATEWAY

    def has_ipv6(self) -> bool:
        """Whether one of its addresses is IPv6."""
        return any(subnet.ip_version == 6 for subnet, _ in self.addresses)


def legs(
    session: orm.Session, router_ids: Collection[str]
) -> dict[str, list[Leg]]:
    """The legs of routers, in the order of their creation."""
    kept = defaultdict[str, list[Leg]](list)
    if not router_ids:
        return kept
    by_port: dict[str, Leg] = {}
    for port, subnet, address in session.execute(
        sa.select(Port, Subnet, IPAllocation.address)
        .outerjoin(IPAllocation, IPAllocation.port_id == Port.id)
        .outerjoin(Subnet, Subnet.id == IPAllocation.subnet_id)
        .where(Port.device_id.in_(router_ids), Port.device_owner.in_(LEGS))
        .order_by(Port.created_at, Port.id, IPAllocation.position)
    ):
        leg = by_port.get(port.id)
        if leg is None:
            leg = by_port[port.id] = Leg(port)
            kept[port.device_id].append(leg)
        if subnet is not None:
            leg.addresses.append((subnet, address))
    return kept


def check_overlap(
    present: Iterable[Leg],
    subnets: Sequence[Subnet],
    *,
    gateway: bool = False,
) -> None:
    """Refuse a leg whose subnets the router has, or that overlap its own.

    ``gateway``: for a leg outside, which may overlap those inside.
    Raises: BadRequest.
    """
    wanted = {subnet.id for subnet in subnets}
    for leg in present:
        for subnet, _ in leg.addresses:
            if subnet.id in wanted:
                raise errors.BadRequest(
                    f"Bad router request: Router already has a port on "
                    f"subnet {subnet.id}."
                )
            if leg.is_gateway == gateway:
                for one in subnets:
                    _check_apart(one, subnet)


def _check_apart(new: Subnet, old: Subnet) -> None:
    ours = ipaddress.ip_network(new.cidr)
    theirs = ipaddress.ip_network(old.cidr)
    if ours.version == theirs.version and ours.overlaps(theirs):
        raise errors.BadRequest(
            f"Bad router request: Cidr {new.cidr} of subnet {new.id} "
            f"overlaps with cidr {old.cidr} of subnet {old.id}."
        )


def floating_ips_inside(
    session: orm.Session, router_id: str, subnet_ids: Collection[str]
) -> str | None:
    """A subnet that a floating IP reaches through a router, if any does."""
    found = session.scalar(
        sa.select(IPAllocation.subnet_id)
        .join(
            FloatingIP,
            sa.and_(
                FloatingIP.fixed_port_id == IPAllocation.port_id,
                FloatingIP.fixed_ip_address == IPAllocation.address,
            ),
        )
        .where(
            FloatingIP.router_id == router_id,
            IPAllocation.subnet_id.in_(subnet_ids),
        )
        .limit(1)
    )
    return None if found is None else str(found)


def has_floating_ips(session: orm.Session, router_id: str) -> bool:
    """Whether any floating IP is reached through a router."""
    return bool(
        session.scalar(
            sa.select(sa.literal(1))
            .where(FloatingIP.router_id == router_id)
            .limit(1)
        )
    )


def between(
    session: orm.Session, subnet: Subnet, external_network_id: str
) -> str | None:
    """The router that leads from a subnet to an external network.

    The one that is the subnet's gateway, before any other.
    """
    outside = orm.aliased(Port)
    found = session.execute(
        sa.select(Port.device_id, IPAllocation.address)
        .join(IPAllocation, IPAllocation.port_id == Port.id)
        .join(outside, outside.device_id == Port.device_id)
        .where(
            Port.device_owner == INTERFACE,
            IPAllocation.subnet_id == subnet.id,
            outside.device_owner == GATEWAY,
            outside.network_id == external_network_id,
        )
        .order_by(Port.created_at, Port.device_id)
    ).all()
    for router_id, address in found:
        if address == subnet.gateway_ip:
            return str(router_id)
    return str(found[0][0]) if found else None


def leg(session: orm.Session, port: Port) -> Leg:
    """A port as a leg that it is to become."""
    found = session.execute(
        sa.select(Subnet, IPAllocation.address)
        .join(IPAllocation, IPAllocation.subnet_id == Subnet.id)
        .where(IPAllocation.port_id == port.id)
        .order_by(IPAllocation.position)
    )
    return Leg(port, [(subnet, address) for subnet, address in found])


def routed(
    session: orm.Session,
    routes: Sequence[Mapping[str, str]],
    subnet_ids: Sequence[str],
) -> str | None:
    """A subnet that has the next hop of a static route, if any has."""
    hops = [ipaddress.ip_address(one["nexthop"]) for one in routes]
    if not hops:
        return None
    for subnet in session.scalars(
        sa.select(Subnet).where(Subnet.id.in_(subnet_ids))
    ):
        if any(hop in ipaddress.ip_network(subnet.cidr) for hop in hops):
            return subnet.id
    return None


def create(session: orm.Session, values: Mapping[str, Any]) -> Router:
    """A new router, which lives nowhere yet."""
    made = Router(**{"id": str(uuid.uuid4()), "routes": [], **values})
    session.add(made)
    session.flush()
    return made


def delete(session: orm.Session, router: Router) -> None:
    """Remove a router that has no legs any more."""
    session.delete(router)
    session.flush()
