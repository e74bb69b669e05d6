# SPDX-License-Identifier: Apache-2.0
"""What nova-lite-netd is to bring about on one host, from the tables.

Called by conductor (objects.network_state). Each kind of row is read by one
statement, however many ports the host has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db import session as db
from nova_lite.db.models import network as models
from nova_lite.db.repositories import network_dhcp
from nova_lite.network import group_rules, wanted

_NETWORKS = models.Network.__table__
_SUBNETS = models.Subnet.__table__
_PORTS = models.Port.__table__
_ADDRESSES = models.IPAllocation.__table__
_PORT_GROUPS = models.PortSecurityGroup.__table__
_GROUPS = models.SecurityGroup.__table__
_RULES = models.SecurityGroupRule.__table__
_ROUTERS = models.Router.__table__
_FLOATING = models.FloatingIP.__table__
_AGENTS = models.NetworkAgent.__table__

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Here:
    """The rows that belong to a host."""

    host: str
    ports: Sequence[Row]
    networks: Sequence[Row]
    # by network id
    subnets: Mapping[str, Sequence[Row]]
    # port id -> (subnet id, address)
    addresses: Mapping[str, Sequence[tuple[str, str]]]


def host_state(host: str) -> dict[str, Any]:
    """``wanted.HostState`` of a host, as a dict.

    DHCP ports are made and removed first, where the host's ports say so.
    """
    here = _read_here(host)
    changes = network_dhcp.changes(
        host, here.ports, here.subnets, here.addresses
    )
    if changes:
        network_dhcp.apply(host, changes)
        here = _read_here(host)
    return _state(here).to_dict()


@db.transaction
def _read_here(host: str) -> _Here:
    with db.reader() as session:
        ports = _rows(
            session,
            sa.select(_PORTS)
            .where(_PORTS.c.host == host)
            .order_by(_PORTS.c.created_at, _PORTS.c.id),
        )
        networks = {port["network_id"] for port in ports}
        return _Here(
            host,
            ports,
            _of(session, _NETWORKS, _NETWORKS.c.id, networks),
            _grouped(
                _of(session, _SUBNETS, _SUBNETS.c.network_id, networks),
                "network_id",
            ),
            _addresses(session, host) if ports else {},
        )


def _addresses(
    session: orm.Session, host: str
) -> dict[str, list[tuple[str, str]]]:
    found = session.execute(
        sa.select(
            _ADDRESSES.c.port_id, _ADDRESSES.c.subnet_id, _ADDRESSES.c.address
        )
        .join(_PORTS, _PORTS.c.id == _ADDRESSES.c.port_id)
        .where(_PORTS.c.host == host)
        .order_by(_ADDRESSES.c.position, _ADDRESSES.c.address)
    )
    kept = defaultdict[str, list[tuple[str, str]]](list)
    for port_id, subnet_id, address in found:
        kept[port_id].append((subnet_id, address))
    return dict(kept)


@db.transaction
def _state(here: _Here) -> wanted.HostState:
    with db.reader() as session:
        groups = _groups_of_ports(session, here.host) if here.ports else {}
        used = _groups(session, {one for of in groups.values() for one in of})
        routers = _rows(
            session,
            sa.select(_ROUTERS)
            .where(_ROUTERS.c.host == here.host)
            .order_by(_ROUTERS.c.id),
        )
        floating = _grouped(
            _of(
                session,
                _FLOATING,
                _FLOATING.c.router_id,
                {router["id"] for router in routers},
            ),
            "router_id",
        )
        return wanted.HostState(
            networks=_networks(here, _elsewhere(session, here)),
            ports=[_port(here, port, groups) for port in here.ports],
            groups=used,
            members=_members(session, used),
            routers=[
                _router(here, router, floating.get(router["id"], ()))
                for router in routers
            ],
        )


# --- networks ----------------------------------------------------------------


@dataclass(slots=True)
class _Elsewhere:
    """What a host has to know of a network's ports on other hosts.

    ``tunnels``: mac -> tunnel address; ``names``: (name, address).
    """

    tunnels: dict[str, str] = field(default_factory=dict)
    names: list[tuple[str, str]] = field(default_factory=list)


def _elsewhere(
    session: orm.Session, here: _Here
) -> defaultdict[str, _Elsewhere]:
    """Of the networks here that are tunnelled, or whose names are served."""
    kept = defaultdict[str, _Elsewhere](_Elsewhere)
    tunnelled = {row["id"] for row in here.networks if _is_tunnelled(row)}
    named = {
        port["network_id"]
        for port in here.ports
        if network_dhcp.is_own(here.host, port)
    }
    if not tunnelled | named:
        return kept
    found = session.execute(
        sa.select(
            _PORTS.c.network_id,
            _PORTS.c.mac_address,
            _AGENTS.c.tunnel_ip,
            _PORTS.c.dns_name,
            _ADDRESSES.c.address,
        )
        .outerjoin(_AGENTS, _AGENTS.c.host == _PORTS.c.host)
        .outerjoin(_ADDRESSES, _ADDRESSES.c.port_id == _PORTS.c.id)
        .where(
            _PORTS.c.network_id.in_(tunnelled | named),
            _PORTS.c.host != here.host,
        )
        .order_by(_PORTS.c.mac_address, _ADDRESSES.c.address)
    )
    for network_id, mac, tunnel_ip, name, address in found:
        if tunnel_ip and network_id in tunnelled:
            kept[network_id].tunnels[mac] = tunnel_ip
        if name and address and network_id in named:
            kept[network_id].names.append((name, address))
    return kept


def _is_tunnelled(network: Row) -> bool:
    return bool(network["segment"].startswith("vxlan:"))


def _networks(
    here: _Here, elsewhere: defaultdict[str, _Elsewhere]
) -> list[wanted.WantedNetwork]:
    dhcp = {
        port["network_id"]: port
        for port in here.ports
        if network_dhcp.is_own(here.host, port)
    }
    return [
        _network(here, row, dhcp.get(row["id"]), elsewhere[row["id"]])
        for row in here.networks
    ]


def _network(
    here: _Here,
    row: Row,
    dhcp: Row | None,
    elsewhere: _Elsewhere,
) -> wanted.WantedNetwork:
    kind, _, detail = row["segment"].partition(":")
    return wanted.WantedNetwork(
        id=row["id"],
        network_type=kind,
        mtu=row["mtu"],
        subnets=[_subnet(one) for one in here.subnets.get(row["id"], ())],
        segmentation_id=int(detail) if kind == "vxlan" else None,
        physical_network=detail if kind == "flat" else None,
        external=row["external"],
        dns_domain=row["dns_domain"],
        dhcp_port_id=dhcp["id"] if dhcp else None,
        dhcp_mac=dhcp["mac_address"] if dhcp else None,
        dhcp_ips=dict(here.addresses.get(dhcp["id"], ())) if dhcp else {},
        peers=sorted(set(elsewhere.tunnels.values())),
        remote=list(elsewhere.tunnels.items()),
        names=elsewhere.names,
    )


def _subnet(row: Row) -> wanted.WantedSubnet:
    return wanted.WantedSubnet(
        id=row["id"],
        cidr=row["cidr"],
        ip_version=row["ip_version"],
        gateway_ip=row["gateway_ip"],
        enable_dhcp=row["enable_dhcp"],
        dns=row["dns_nameservers"],
        routes=_pairs(row["host_routes"]),
        ra_mode=row["ipv6_ra_mode"],
        address_mode=row["ipv6_address_mode"],
    )


def _pairs(routes: Iterable[Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(one["destination"], one["nexthop"]) for one in routes]


# --- ports and their groups --------------------------------------------------


def _groups_of_ports(session: orm.Session, host: str) -> dict[str, list[str]]:
    found = session.execute(
        sa.select(_PORT_GROUPS.c.port_id, _PORT_GROUPS.c.security_group_id)
        .join(_PORTS, _PORTS.c.id == _PORT_GROUPS.c.port_id)
        .where(_PORTS.c.host == host)
        .order_by(_PORT_GROUPS.c.security_group_id)
    )
    kept = defaultdict[str, list[str]](list)
    for port_id, group_id in found:
        kept[port_id].append(group_id)
    return kept


def _port(
    here: _Here, row: Row, groups: Mapping[str, Sequence[str]]
) -> wanted.WantedPort:
    return wanted.WantedPort(
        id=row["id"],
        network_id=row["network_id"],
        mac=row["mac_address"],
        fixed_ips=here.addresses.get(row["id"], ()),
        project_id=row["project_id"],
        device_id=row["device_id"],
        device_owner=row["device_owner"],
        admin_state_up=row["admin_state_up"],
        status=row["status"],
        hostname=row["dns_name"],
        port_security=row["port_security_enabled"],
        groups=groups.get(row["id"], ()),
        allowed_pairs=[
            (pair.get("mac_address") or row["mac_address"], pair["ip_address"])
            for pair in row["allowed_address_pairs"]
        ],
    )


def _groups(
    session: orm.Session, group_ids: Collection[str]
) -> list[wanted.WantedGroup]:
    if not group_ids:
        return []
    found = session.execute(
        sa.select(_GROUPS.c.id.label("of"), _GROUPS.c.stateful, _RULES)
        .outerjoin(_RULES, _RULES.c.security_group_id == _GROUPS.c.id)
        .where(_GROUPS.c.id.in_(group_ids))
        .order_by(_GROUPS.c.id, _RULES.c.id)
    )
    stateful = dict[str, bool]()
    rules = defaultdict[str, list[wanted.WantedRule]](list)
    for row in found.mappings():
        stateful[row["of"]] = row["stateful"]
        if row["direction"] is not None:
            rules[row["of"]].append(_rule(dict(row)))
    return [
        wanted.WantedGroup(group_id, flag, rules[group_id])
        for group_id, flag in stateful.items()
    ]


def _rule(row: Row) -> wanted.WantedRule:
    return wanted.WantedRule(
        direction=row["direction"],
        ethertype=row["ethertype"],
        protocol=row["protocol"],
        port_min=row["port_range_min"],
        port_max=row["port_range_max"],
        remote_ip_prefix=group_rules.normalized_cidr(row["remote_ip_prefix"]),
        remote_group_id=row["remote_group_id"],
    )


def _members(
    session: orm.Session, groups: Iterable[wanted.WantedGroup]
) -> dict[str, list[str]]:
    """Addresses in each group that a rule names, allowed pairs with them."""
    named = {
        rule.remote_group_id
        for group in groups
        for rule in group.rules
        if rule.remote_group_id
    }
    if not named:
        return {}
    found = session.execute(
        sa.select(
            _PORT_GROUPS.c.security_group_id,
            _ADDRESSES.c.address,
            _PORTS.c.allowed_address_pairs,
        )
        .join(_PORTS, _PORTS.c.id == _PORT_GROUPS.c.port_id)
        .outerjoin(_ADDRESSES, _ADDRESSES.c.port_id == _PORTS.c.id)
        .where(_PORT_GROUPS.c.security_group_id.in_(named))
    )
    kept: dict[str, set[str]] = {group_id: set() for group_id in named}
    for group_id, address, pairs in found:
        kept[group_id].update(pair["ip_address"] for pair in pairs)
        if address:
            kept[group_id].add(address)
    return {group_id: sorted(kept[group_id]) for group_id in sorted(kept)}


# --- routers -----------------------------------------------------------------


def _router(
    here: _Here, row: Row, floating: Sequence[Row]
) -> wanted.WantedRouter:
    ports = [port for port in here.ports if port["device_id"] == row["id"]]
    gateway = next(
        (port for port in ports if port["id"] == row["gateway_port_id"]), None
    )
    return wanted.WantedRouter(
        id=row["id"],
        admin_state_up=row["admin_state_up"],
        legs=[_leg(here, one) for one in ports if one is not gateway],
        gateway=_leg(here, gateway) if gateway else None,
        next_hops=_next_hops(here, gateway) if gateway else (),
        enable_snat=row["enable_snat"],
        routes=_pairs(row["routes"]),
        floating_ips=[
            wanted.WantedFloatingIP(
                one["id"], one["floating_ip_address"], one["fixed_ip_address"]
            )
            for one in floating
            if one["fixed_ip_address"]
        ],
    )


def _subnets_of(here: _Here, port: Row) -> dict[str, Row]:
    return {
        subnet["id"]: subnet
        for subnet in here.subnets.get(port["network_id"], ())
    }


def _leg(here: _Here, port: Row) -> wanted.WantedRouterPort:
    subnets = _subnets_of(here, port)
    return wanted.WantedRouterPort(
        port_id=port["id"],
        network_id=port["network_id"],
        mac=port["mac_address"],
        addresses=[
            f"{address}/{ip_network(subnets[subnet_id]['cidr']).prefixlen}"
            for subnet_id, address in here.addresses.get(port["id"], ())
            if subnet_id in subnets
        ],
        up=port["admin_state_up"],
    )


def _next_hops(here: _Here, gateway: Row) -> list[str]:
    subnets = _subnets_of(here, gateway)
    hops = (
        subnets[subnet_id]["gateway_ip"]
        for subnet_id, _ in here.addresses.get(gateway["id"], ())
        if subnet_id in subnets
    )
    return list(dict.fromkeys(filter(None, hops)))


# --- rows --------------------------------------------------------------------


def _rows(session: orm.Session, statement: Any) -> list[Row]:
    return [dict(row) for row in session.execute(statement).mappings()]


def _of(
    session: orm.Session, table: Any, column: Any, keys: Collection[str]
) -> list[Row]:
    """Rows of a table whose column is one of some keys, by their id."""
    if not keys:
        return []
    return _rows(
        session,
        sa.select(table).where(column.in_(keys)).order_by(table.c.id),
    )


def _grouped(found: Iterable[Row], key: str) -> dict[str, list[Row]]:
    kept = defaultdict[str, list[Row]](list)
    for row in found:
        kept[row[key]].append(row)
    return dict(kept)
