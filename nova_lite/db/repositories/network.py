# SPDX-License-Identifier: Apache-2.0
"""Networks of the embedded network service, their segments and subnets.

Functions work in the session they are given. Whatever depends on what a
network has (its ports when it goes, its subnets' ranges) is decided while
its row is locked.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db.models.network import IPAllocation, Network, Port, Subnet
from nova_lite.db.repositories import network_port, network_query, rows
from nova_lite.network import errors

FLAT = "flat"
VXLAN = "vxlan"
# Ports that come and go with the network and its subnets.
AUTO_OWNERS = ("network:dhcp",)
# Ports by which a router or a floating IP is on an external network.
OUTER_OWNERS = ("network:router_gateway", "network:floatingip")
_DRAWN = 16

_NETWORKS = Network.__table__
_SUBNETS = Subnet.__table__


def _seen(project_id: str | None) -> Any:
    return sa.or_(
        Network.project_id == project_id,
        Network.shared.is_(True),
        Network.external.is_(True),
    )


def _of_type(values: Sequence[str]) -> Any:
    return sa.or_(
        sa.false(),
        *(
            Network.segment.startswith(f"{one}:", autoescape=True)
            for one in values
        ),
    )


def _status(values: Sequence[str]) -> Any:
    return sa.true() if "ACTIVE" in values else sa.false()


TABLE = network_query.Table(
    model=Network,
    missing=errors.NetworkNotFound,
    columns={
        **network_query.standard_columns(
            Network,
            "name",
            "admin_state_up",
            "shared",
            "is_default",
            "mtu",
            "port_security_enabled",
            "dns_domain",
        ),
        "router:external": Network.external,
    },
    seen=_seen,
    conditions={
        "status": _status,
        "provider:network_type": _of_type,
        "provider:physical_network": lambda values: Network.segment.in_(
            [f"{FLAT}:{one}" for one in values]
        ),
        "provider:segmentation_id": lambda values: Network.segment.in_(
            [f"{VXLAN}:{one}" for one in values]
        ),
    },
)


def parts(segment: str) -> tuple[str, str | None, int | None]:
    """A segment's type, its physical network, its id."""
    kind, _, value = segment.partition(":")
    if kind == FLAT:
        return kind, value, None
    return kind, None, int(value)


def create(
    session: orm.Session,
    values: Mapping[str, Any],
    vni_ranges: Sequence[tuple[int, int]] = (),
) -> Network:
    """A new network; without a ``segment`` it takes a free vxlan id.

    Raises: FlatNetworkInUse, TunnelIdInUse, NoNetworkAvailable, RetryRequest.
    """
    segment = values.get("segment") or _free_segment(session, vni_ranges)
    network = Network(**{**values, "segment": segment})
    session.add(network)
    try:
        session.flush()
    except db_exc.DBDuplicateEntry as error:
        if "segment" not in values:
            raise db_exc.RetryRequest(error) from error
        kind, physical, number = parts(segment)
        if kind == FLAT:
            raise errors.FlatNetworkInUse(physical_network=physical) from error
        raise errors.TunnelIdInUse(tunnel_id=number) from error
    return network


def _free_segment(
    session: orm.Session, ranges: Sequence[tuple[int, int]]
) -> str:
    total = sum(last - first + 1 for first, last in ranges)
    drawn = [
        f"{VXLAN}:{_at(ranges, random.randrange(total))}"
        for _ in range(_DRAWN if total > 0 else 0)
    ]
    for among in (drawn, None):
        statement = sa.select(_NETWORKS.c.segment)
        if among is not None:
            statement = statement.where(_NETWORKS.c.segment.in_(among))
        taken = set(session.scalars(statement))
        for one in among if among is not None else _all(ranges):
            if one not in taken:
                return one
    raise errors.NoNetworkAvailable


def _at(ranges: Sequence[tuple[int, int]], place: int) -> int:
    for first, last in ranges:
        if place <= last - first:
            return first + place
        place -= last - first + 1
    raise IndexError(place)


def _all(ranges: Sequence[tuple[int, int]]) -> Iterable[str]:
    for first, last in ranges:
        for number in range(first, last + 1):
            yield f"{VXLAN}:{number}"


def with_subnets(
    session: orm.Session, viewer: network_query.Viewer, network_id: str
) -> tuple[Network, list[Subnet]]:
    """A network that the viewer sees, and its subnets; one statement.

    Raises: NetworkNotFound.
    """
    seen = [] if viewer.sees_all else [_seen(viewer.project_id)]
    found = session.execute(
        sa.select(Network, Subnet)
        .outerjoin(Subnet, Subnet.network_id == Network.id)
        .where(Network.id == network_id, *seen)
        .order_by(Subnet.created_at, Subnet.id)
    ).all()
    if not found:
        raise errors.NetworkNotFound(id=network_id)
    return found[0][0], [row[1] for row in found if row[1] is not None]


def subnet_ids(
    session: orm.Session, network_ids: Sequence[str]
) -> dict[str, list[str]]:
    """The subnets of networks, the oldest first; one statement."""
    found: dict[str, list[str]] = {one: [] for one in network_ids}
    for row in session.execute(
        sa.select(_SUBNETS.c.id, _SUBNETS.c.network_id)
        .where(_SUBNETS.c.network_id.in_(network_ids))
        .order_by(_SUBNETS.c.created_at, _SUBNETS.c.id)
    ):
        found[row.network_id].append(row.id)
    return found


def default_external(session: orm.Session, but: str = "") -> str | None:
    """The id of the default external network, apart from one."""
    return session.scalar(
        sa.select(_NETWORKS.c.id).where(
            _NETWORKS.c.is_default.is_(True),
            _NETWORKS.c.external.is_(True),
            _NETWORKS.c.id != but,
        )
    )


def others_ports(session: orm.Session, network: Network) -> bool:
    """Whether other projects have ports or subnets on a network."""
    for model in (Port, Subnet):
        found = session.scalar(
            sa.select(sa.literal(1))
            .select_from(model)
            .where(
                model.network_id == network.id,
                model.project_id.not_in([network.project_id, ""]),
            )
            .limit(1)
        )
        if found:
            return True
    return False


def outer_ports(session: orm.Session, network_id: str) -> bool:
    """Whether routers or floating IPs use an external network."""
    return bool(
        session.scalar(
            sa.select(sa.literal(1))
            .where(
                Port.network_id == network_id,
                Port.device_owner.in_(OUTER_OWNERS),
            )
            .limit(1)
        )
    )


def delete(session: orm.Session, network: Network) -> set[str]:
    """Remove a network that the caller has locked, with what is its own.

    Returns the hosts that it was on.
    Raises: NetworkInUse while there are ports but of its DHCP servers.
    """
    ports = network_port.of_network(session, network.id)
    used = [p["id"] for p in ports if p["device_owner"] not in AUTO_OWNERS]
    if used:
        raise errors.NetworkInUse(
            id=network.id, ports=", ".join(sorted(used)[:10])
        )
    network_port.delete(session, [one["id"] for one in ports])
    subnets = subnet_ids(session, [network.id])[network.id]
    gone = [*subnets, *(one["id"] for one in ports)]
    if gone:
        network_query.forget_tags(session, gone)
        rows.execute(session, sa.delete(Subnet).where(Subnet.id.in_(subnets)))
    session.delete(network)
    session.flush()
    return {one["host"] for one in ports if one["host"]}


# --- subnets -----------------------------------------------------------------


def _subnet_seen(project_id: str | None) -> Any:
    """A project sees its subnets, and those of networks that it may use."""
    open_to_it = sa.select(Network.id).where(
        sa.or_(Network.shared.is_(True), Network.project_id == project_id)
    )
    return sa.or_(
        Subnet.project_id == project_id, Subnet.network_id.in_(open_to_it)
    )


SUBNETS = network_query.Table(
    model=Subnet,
    missing=errors.SubnetNotFound,
    columns=network_query.standard_columns(
        Subnet,
        "name",
        "network_id",
        "ip_version",
        "cidr",
        "gateway_ip",
        "enable_dhcp",
        "ipv6_ra_mode",
        "ipv6_address_mode",
    ),
    seen=_subnet_seen,
    conditions={
        "shared": lambda values: Subnet.network_id.in_(
            sa.select(Network.id).where(
                Network.shared.in_(
                    [network_query.boolean("shared", v) for v in values]
                )
            )
        )
    },
)


def users_of(session: orm.Session, subnet_id: str) -> list[Mapping[str, Any]]:
    """Ports with an address in a subnet: id, device_owner, address."""
    found = session.execute(
        sa.select(Port.id, Port.device_owner, IPAllocation.address).where(
            IPAllocation.port_id == Port.id,
            IPAllocation.subnet_id == subnet_id,
        )
    )
    return [dict(row) for row in found.mappings()]


def delete_subnet(
    session: orm.Session, subnet: Subnet, *, automatic: bool
) -> None:
    """Remove a subnet that the caller has locked.

    ``automatic``: hosts make their addresses in it, so those of ports keep
    nobody from deleting it. Raises: SubnetInUse.
    """
    for user in users_of(session, subnet.id):
        owner = user["device_owner"]
        router = owner.startswith("network:router")
        if owner not in AUTO_OWNERS and (router or not automatic):
            raise errors.SubnetInUse(
                id=subnet.id,
                reason="One or more ports have an IP allocation from this "
                "subnet",
            )
    rows.execute(
        session,
        sa.delete(IPAllocation).where(IPAllocation.subnet_id == subnet.id),
    )
    try:
        session.delete(subnet)
        session.flush()
    except db_exc.DBReferenceError as error:
        # A port has got an address since.
        raise db_exc.RetryRequest(error) from error


def create_subnet(session: orm.Session, values: Mapping[str, Any]) -> Subnet:
    """A new subnet of a network that the caller has locked."""
    subnet = Subnet(**values)
    session.add(subnet)
    session.flush()
    return subnet


def segment(session: orm.Session, network_id: str) -> str:
    """A network's segment."""
    statement = sa.select(_NETWORKS.c.segment).where(
        _NETWORKS.c.id == network_id
    )
    return str(session.execute(statement).scalar_one())


def owner(session: orm.Session, network_id: str) -> str:
    """The project that a network belongs to; empty when it is gone."""
    return (
        session.scalar(
            sa.select(_NETWORKS.c.project_id).where(
                _NETWORKS.c.id == network_id
            )
        )
        or ""
    )
