# SPDX-License-Identifier: Apache-2.0
"""Ports of the embedded network service: found, made, changed, deleted.

Used by its handlers in the API process and, for the ports of DHCP servers
and routers, by whatever makes those. Functions work in the session they are
given.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db.models.network import (
    IPAllocation,
    Network,
    Port,
    PortSecurityGroup,
    Subnet,
)
from nova_lite.db.repositories import (
    network_ipam,
    network_query,
    rows,
)
from nova_lite.db.repositories.network_ipam import Fixed
from nova_lite.network import addressing, errors

DEFAULT_BASE_MAC = "fa:16:3e:00:00:00"

_PORTS = Port.__table__
_GROUPS = PortSecurityGroup.__table__


def _seen(project_id: str | None) -> Any:
    """A project sees its ports, and all of its networks."""
    own = sa.select(Network.id).where(Network.project_id == project_id)
    return sa.or_(Port.project_id == project_id, Port.network_id.in_(own))


def _with_addresses(values: Sequence[str]) -> Any:
    """``fixed_ips=ip_address=...`` and its like; all of them at once."""
    found = []
    by_key: dict[str, list[str]] = {}
    for value in values:
        key, equals, wanted = value.partition("=")
        if not equals:
            raise errors.InvalidInput(
                reason="fixed_ips must be filtered by ip_address=..., "
                "ip_address_substr=... or subnet_id=..."
            )
        by_key.setdefault(key, []).append(wanted)
    for key, wanted_all in by_key.items():
        found.append(
            Port.id.in_(
                sa.select(IPAllocation.port_id).where(
                    _address_condition(key, wanted_all)
                )
            )
        )
    return sa.and_(sa.true(), *found)


def _address_condition(key: str, wanted: Sequence[str]) -> Any:
    if key == "subnet_id":
        return IPAllocation.subnet_id.in_(wanted)
    if key == "ip_address":
        return IPAllocation.address.in_(list(map(_canonical, wanted)))
    if key == "ip_address_substr":
        return sa.or_(
            *(
                IPAllocation.address.contains(one, autoescape=True)
                for one in wanted
            )
        )
    raise errors.InvalidInput(
        reason=f"'{key[:40]}' is no part of fixed_ips to filter by"
    )


def _canonical(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return address  # which no port has


def _with_groups(values: Sequence[str]) -> Any:
    return Port.id.in_(
        sa.select(PortSecurityGroup.port_id).where(
            PortSecurityGroup.security_group_id.in_(values)
        )
    )


TABLE = network_query.Table(
    model=Port,
    missing=errors.PortNotFound,
    columns={
        **network_query.standard_columns(
            Port,
            "name",
            "network_id",
            "mac_address",
            "admin_state_up",
            "status",
            "device_id",
            "device_owner",
            "dns_name",
            "port_security_enabled",
        ),
        "binding:host_id": Port.host,
        "binding:vnic_type": Port.vnic_type,
        "binding:vif_type": Port.vif_type,
    },
    seen=_seen,
    conditions={"fixed_ips": _with_addresses, "security_groups": _with_groups},
)


def create(
    session: orm.Session,
    network_id: str,
    subnets: Sequence[Subnet],
    values: Mapping[str, Any],
    fixed_ips: Sequence[Fixed] | None = None,
    groups: Collection[str] = (),
    base_mac: str = DEFAULT_BASE_MAC,
) -> Port:
    """A new port: see ``create_with_addresses``."""
    return create_with_addresses(
        session, network_id, subnets, values, fixed_ips, groups, base_mac
    )[0]


def create_with_addresses(
    session: orm.Session,
    network_id: str,
    subnets: Sequence[Subnet],
    values: Mapping[str, Any],
    fixed_ips: Sequence[Fixed] | None = None,
    groups: Collection[str] = (),
    base_mac: str = DEFAULT_BASE_MAC,
) -> tuple[Port, list[dict[str, str]]]:
    """A new port with its addresses and security groups; its fixed_ips.

    ``subnets`` are all of the network's. ``values`` are columns of Port,
    ``project_id`` among them; id and MAC address are drawn where absent.
    ``fixed_ips``: see network_ipam.choose.
    Raises: as network_ipam.choose and allocate; MacAddressInUse,
    NetworkNotFound, SecurityGroupNotFound; RetryRequest.
    """
    mac = values.get("mac_address") or addressing.random_mac(base_mac)
    owner = values.get("device_owner", "")
    chosen = network_ipam.choose(
        session, network_id, subnets, fixed_ips, mac, owner
    )
    network_ipam.check_free(session, chosen)
    port = Port(
        **{
            "id": str(uuid.uuid4()),
            "profile": {},
            **values,
            "allowed_address_pairs": pairs(
                values.get("allowed_address_pairs", ()), mac
            ),
            "mac_address": mac,
            "network_id": network_id,
        }
    )
    session.add(port)
    _flush(session, port, asked="mac_address" in values)
    network_ipam.allocate(session, network_id, port.id, chosen)
    add_groups(session, port.id, groups)
    return port, [
        {"subnet_id": one.subnet_id, "ip_address": one.address}
        for one in chosen
    ]


def pairs(
    asked: Iterable[Mapping[str, str]], mac: str
) -> list[dict[str, str]]:
    """Address pairs, each with a MAC address: the port's own by default."""
    return [
        {
            "ip_address": one["ip_address"],
            "mac_address": one.get("mac_address", mac),
        }
        for one in asked
    ]


def _flush(session: orm.Session, port: Port, *, asked: bool) -> None:
    """Write a port. Raises: MacAddressInUse for one that was asked for."""
    network_id, mac = port.network_id, port.mac_address
    try:
        session.flush()
    except db_exc.DBDuplicateEntry as error:
        if not asked:
            raise db_exc.RetryRequest(error) from error
        raise errors.MacAddressInUse(net_id=network_id, mac=mac) from error
    except db_exc.DBReferenceError as error:
        raise errors.NetworkNotFound(id=network_id) from error


def set_mac(session: orm.Session, port: Port, mac: str) -> None:
    """Give a port another MAC address. Raises: MacAddressInUse."""
    port.mac_address = mac
    _flush(session, port, asked=True)


def add_groups(
    session: orm.Session, port_id: str, groups: Collection[str]
) -> None:
    """Let a port have security groups. Raises: SecurityGroupNotFound."""
    if not groups:
        return
    try:
        session.execute(
            sa.insert(PortSecurityGroup),
            [{"port_id": port_id, "security_group_id": one} for one in groups],
        )
    except db_exc.DBReferenceError as error:
        raise errors.SecurityGroupNotFound(id=", ".join(groups)) from error


def set_groups(
    session: orm.Session, port_id: str, groups: Collection[str]
) -> None:
    """Make a port's security groups be these."""
    rows.execute(
        session,
        sa.delete(PortSecurityGroup).where(_GROUPS.c.port_id == port_id),
    )
    add_groups(session, port_id, groups)


def groups_of(
    session: orm.Session, port_ids: Iterable[str]
) -> dict[str, list[str]]:
    """The security groups of ports; one statement."""
    found: dict[str, list[str]] = {one: [] for one in port_ids}
    if not found:
        return found
    for row in session.execute(
        sa.select(_GROUPS)
        .where(_GROUPS.c.port_id.in_(list(found)))
        .order_by(_GROUPS.c.security_group_id)
    ):
        found[row.port_id].append(row.security_group_id)
    return found


def delete(session: orm.Session, port_ids: Collection[str]) -> None:
    """Remove ports, with their addresses and groups; tags stay."""
    if port_ids:
        rows.execute(session, sa.delete(Port).where(_PORTS.c.id.in_(port_ids)))


def of_network(
    session: orm.Session, network_id: str
) -> list[Mapping[str, Any]]:
    """A network's ports: id, device_owner, project_id, host."""
    found = session.execute(
        sa.select(
            _PORTS.c.id,
            _PORTS.c.device_owner,
            _PORTS.c.project_id,
            _PORTS.c.host,
        ).where(_PORTS.c.network_id == network_id)
    )
    return [dict(row) for row in found.mappings()]
