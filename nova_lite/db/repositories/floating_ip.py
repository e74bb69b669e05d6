# SPDX-License-Identifier: Apache-2.0
"""Floating IPs of the embedded network service.

Each has a port in the outer network (``port_id``), which holds its address.
The key (fixed_port_id, fixed_ip_address) lets one alone lead to an address.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db.models.network import (
    FloatingIP,
    IPAllocation,
    Network,
    Port,
    Router,
    Subnet,
)
from nova_lite.db.repositories import (
    network_ipam,
    network_port,
    network_query,
    rows,
)
from nova_lite.db.repositories.network_ipam import Fixed
from nova_lite.network import router_errors

OWNER = "network:floatingip"

_FLOATING = FloatingIP.__table__


def _works() -> Any:
    """What floating IPs a living place leads through to a port."""
    placed = sa.select(Router.id).where(Router.host != "")
    return sa.and_(
        FloatingIP.fixed_port_id.is_not(None), FloatingIP.router_id.in_(placed)
    )


def _with_status(values: Sequence[str]) -> Any:
    wanted = [
        condition
        for name, condition in (
            ("ACTIVE", _works()),
            ("DOWN", sa.not_(sa.func.coalesce(_works(), sa.false()))),
        )
        if name in values
    ]
    return sa.or_(sa.false(), *wanted)


TABLE = network_query.Table(
    model=FloatingIP,
    missing=router_errors.FloatingIPNotFound,
    columns={
        **network_query.standard_columns(
            FloatingIP,
            "floating_network_id",
            "floating_ip_address",
            "fixed_ip_address",
            "router_id",
        ),
        "port_id": FloatingIP.fixed_port_id,
    },
    seen=network_query.own(FloatingIP),
    conditions={"status": _with_status},
)


def is_external(session: orm.Session, network_id: str) -> bool:
    """Whether a network is there and leads outside."""
    return bool(
        session.scalar(
            sa.select(Network.external).where(Network.id == network_id)
        )
    )


def ipv4_subnets(session: orm.Session, network_id: str) -> list[Subnet]:
    """The subnets that a floating IP can be of."""
    return [
        one
        for one in network_ipam.subnets(session, network_id)
        if one.ip_version == 4
    ]


def create(
    session: orm.Session,
    subnets: Sequence[Subnet],
    values: Mapping[str, Any],
    fixed_ip: Fixed | None,
    base_mac: str,
) -> FloatingIP:
    """A new one with its address, which leads nowhere yet.

    Raises: as network_port.create.
    """
    network_id = values["floating_network_id"]
    port = network_port.create(
        session,
        network_id,
        subnets,
        {
            # No project: it is hidden from users.
            "project_id": "",
            "device_id": values["id"],
            "device_owner": OWNER,
            "status": "N/A",
            "port_security_enabled": False,
        },
        None if fixed_ip is None else [fixed_ip],
        base_mac=base_mac,
    )
    address = network_ipam.of_ports(session, [port.id])[port.id][0]
    made = FloatingIP(
        port_id=port.id, floating_ip_address=address["ip_address"], **values
    )
    session.add(made)
    session.flush()
    return made


def associate(
    session: orm.Session,
    row: FloatingIP,
    port_id: str,
    address: str,
    router_id: str,
) -> None:
    """Let a floating IP, locked by the caller, lead to an address.

    Raises: FloatingIPPortAlreadyAssociated.
    """
    taken = session.scalar(
        sa.select(FloatingIP.id).where(
            FloatingIP.fixed_port_id == port_id,
            FloatingIP.fixed_ip_address == address,
            FloatingIP.id != row.id,
        )
    )
    refusal = router_errors.FloatingIPPortAlreadyAssociated(
        floating_ip_address=row.floating_ip_address,
        fip_id=row.id,
        port_id=port_id,
        fixed_ip=address,
    )
    if taken is not None:
        raise refusal
    row.fixed_port_id = port_id
    row.fixed_ip_address = address
    row.router_id = router_id
    try:
        session.flush()
    except db_exc.DBDuplicateEntry as error:
        raise refusal from error


def dissociate(row: FloatingIP) -> None:
    """Let a floating IP lead nowhere."""
    row.fixed_port_id = row.fixed_ip_address = row.router_id = None


def forget(
    session: orm.Session,
    port_ids: Collection[str],
    addresses: Collection[str] | None = None,
) -> set[str]:
    """Dissociate those that lead to ports, or some addresses of them.

    Returns the routers concerned.
    """
    where = [_FLOATING.c.fixed_port_id.in_(list(port_ids))]
    if addresses is not None:
        where.append(_FLOATING.c.fixed_ip_address.in_(list(addresses)))
    routers = set(
        session.scalars(sa.select(_FLOATING.c.router_id).where(*where))
    )
    if routers:
        rows.execute(
            session,
            sa.update(FloatingIP)
            .where(*where)
            .values(
                fixed_port_id=None,
                fixed_ip_address=None,
                router_id=None,
                revision=_FLOATING.c.revision + 1,
            ),
        )
    return {one for one in routers if one}


def delete(session: orm.Session, row: FloatingIP) -> None:
    """Give a floating IP back, with its port."""
    rows.execute(
        session, sa.delete(FloatingIP).where(_FLOATING.c.id == row.id)
    )
    network_port.delete(session, [row.port_id])


def delete_idle(session: orm.Session, network_id: str) -> None:
    """Give back those of an outer network that lead nowhere."""
    idle = session.execute(
        sa.select(FloatingIP.id, FloatingIP.port_id)
        .where(
            FloatingIP.floating_network_id == network_id,
            FloatingIP.fixed_port_id.is_(None),
        )
        .order_by(FloatingIP.id)
        .with_for_update()
    ).all()
    if not idle:
        return
    ids = [ident for ident, _ in idle]
    rows.execute(session, sa.delete(FloatingIP).where(_FLOATING.c.id.in_(ids)))
    network_port.delete(session, [port_id for _, port_id in idle])
    network_query.forget_tags(session, ids)


def addresses(session: orm.Session, port_id: str) -> list[tuple[str, Subnet]]:
    """A port's IPv4 addresses, each with its subnet."""
    found = session.execute(
        sa.select(IPAllocation.address, Subnet)
        .join(Subnet, Subnet.id == IPAllocation.subnet_id)
        .where(IPAllocation.port_id == port_id, Subnet.ip_version == 4)
        .order_by(IPAllocation.position)
    )
    return [(address, subnet) for address, subnet in found]


def working(session: orm.Session, ids: Collection[str]) -> set[str]:
    """Which of some floating IPs are ACTIVE."""
    found = session.scalars(
        sa.select(FloatingIP.id).where(FloatingIP.id.in_(ids), _works())
    )
    return set(found)


def ports(session: orm.Session, port_ids: Collection[str]) -> dict[str, Port]:
    """The ports that floating IPs lead to, by their id."""
    if not port_ids:
        return {}
    found = session.scalars(sa.select(Port).where(Port.id.in_(port_ids)))
    return {port.id: port for port in found}
