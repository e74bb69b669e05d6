# SPDX-License-Identifier: Apache-2.0
"""Addresses of ports: which are free, and whose they are.

The key (subnet_id, address) of ip_allocations decides between two that
choose one address at once: the loser's transaction runs again, and chooses
another. Every function works in the session it is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db.models.network import IPAllocation, Subnet
from nova_lite.db.repositories import rows
from nova_lite.network import addressing, errors

# Random addresses that are looked at before a subnet's list is read whole.
_DRAWN = 16
_AUTO_MODES = ("slaac", "dhcpv6-stateless")
ROUTER_OWNERS = ("network:router_interface", "network:router_gateway")

_TABLE = IPAllocation.__table__


@dataclass(frozen=True, slots=True)
class Fixed:
    """An address to be: of a subnet, this one, or (both None) any."""

    subnet_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """An address that was free a moment ago; ``asked`` for by name?"""

    subnet_id: str
    address: str
    asked: bool = False


def is_auto(subnet: Subnet) -> bool:
    """Whether hosts make their addresses in a subnet themselves."""
    return subnet.ipv6_address_mode in _AUTO_MODES


def subnets(session: orm.Session, network_id: str) -> list[Subnet]:
    """A network's subnets, the oldest first."""
    return list(
        session.scalars(
            sa.select(Subnet)
            .where(Subnet.network_id == network_id)
            .order_by(Subnet.created_at, Subnet.id)
        )
    )


def of_ports(
    session: orm.Session, port_ids: Iterable[str]
) -> dict[str, list[dict[str, str]]]:
    """The fixed_ips of ports, as the API shows them; one statement."""
    found: dict[str, list[dict[str, str]]] = {one: [] for one in port_ids}
    if not found:
        return found
    for row in session.execute(
        sa.select(_TABLE)
        .where(_TABLE.c.port_id.in_(list(found)))
        .order_by(_TABLE.c.position, _TABLE.c.subnet_id, _TABLE.c.address)
    ):
        found[row.port_id].append(
            {"subnet_id": row.subnet_id, "ip_address": row.address}
        )
    return found


def choose(
    session: orm.Session,
    network_id: str,
    known: Sequence[Subnet],
    wanted: Sequence[Fixed] | None,
    mac: str,
    device_owner: str = "",
) -> list[Chosen]:
    """Addresses for a port, in the order of ``wanted``.

    ``known``: the network's subnets. ``wanted`` None gives one IPv4 and one
    IPv6 address, where the network has such subnets; empty gives none.
    Subnets whose hosts make their own addresses add those of this ``mac``.
    Raises: InvalidInput, InvalidIpForSubnet, InvalidIpForNetwork,
    AllocationOnAutoAddressSubnet, IpAddressGenerationFailure.
    """
    if wanted is not None and not wanted:
        return []
    router = device_owner in ROUTER_OWNERS
    auto = [one for one in known if is_auto(one) and not router]
    made = [one for one in known if one not in auto]
    found: list[Chosen] = []
    if wanted is None:
        for version in (4, 6):
            fit = [one for one in made if one.ip_version == version]
            if fit:
                found.append(_any_of(session, network_id, fit))
    else:
        named = [one.address for one in wanted if one.address]
        for one in wanted:
            subnet = _subnet_for(network_id, known, one)
            if one.address is not None:
                found.append(_asked(subnet, one.address, subnet in auto))
            elif subnet not in auto:
                earlier = [*named, *(chosen.address for chosen in found)]
                found.append(_any_of(session, network_id, [subnet], earlier))
    return found + [
        Chosen(one.id, addressing.eui64(one.cidr, mac)) for one in auto
    ]


def allocate(
    session: orm.Session,
    network_id: str,
    port_id: str,
    chosen: Sequence[Chosen],
    first: int = 0,
) -> None:
    """Let a port have addresses; ``first``: the position of the first.

    Raises: IpAddressAlreadyAllocated for one that was asked for;
    RetryRequest, which begins the transaction again, for one that was not.
    """
    if not chosen:
        return
    try:
        session.execute(
            sa.insert(IPAllocation),
            [
                {
                    "subnet_id": one.subnet_id,
                    "address": one.address,
                    "port_id": port_id,
                    "position": first + index,
                }
                for index, one in enumerate(chosen)
            ],
        )
    except db_exc.DBDuplicateEntry as error:
        asked = [one for one in chosen if one.asked]
        if not asked:
            raise db_exc.RetryRequest(error) from error
        raise errors.IpAddressAlreadyAllocated(
            ip=", ".join(one.address for one in asked),
            subnet_id=asked[0].subnet_id,
        ) from error
    except db_exc.DBReferenceError as error:
        # A subnet or the network was deleted meanwhile.
        raise errors.InvalidInput(
            reason=f"a subnet of network {network_id} is gone"
        ) from error


def allocate_automatic(
    session: orm.Session, subnet: Subnet, macs: Mapping[str, str]
) -> None:
    """Let ports, by their MACs, have what they make in a new subnet."""
    if not macs:
        return
    present = of_ports(session, macs)
    session.execute(
        sa.insert(IPAllocation),
        [
            {
                "subnet_id": subnet.id,
                "address": addressing.eui64(subnet.cidr, mac),
                "port_id": port_id,
                "position": len(present[port_id]),
            }
            for port_id, mac in macs.items()
        ],
    )


def check_free(
    session: orm.Session, chosen: Sequence[Chosen], port_id: str = ""
) -> None:
    """See that addresses that were asked for are nobody else's.

    Raises: IpAddressAlreadyAllocated.
    """
    asked = [one for one in chosen if one.asked]
    if not asked:
        return
    taken = session.execute(
        sa.select(_TABLE.c.subnet_id, _TABLE.c.address).where(
            _TABLE.c.port_id != port_id,
            sa.or_(
                *(
                    sa.and_(
                        _TABLE.c.subnet_id == one.subnet_id,
                        _TABLE.c.address == one.address,
                    )
                    for one in asked
                )
            ),
        )
    ).first()
    if taken is not None:
        raise errors.IpAddressAlreadyAllocated(
            ip=taken.address, subnet_id=taken.subnet_id
        )


def free(
    session: orm.Session, port_id: str, addresses: Collection[str]
) -> None:
    """Take addresses from a port."""
    if addresses:
        rows.execute(
            session,
            sa.delete(IPAllocation).where(
                _TABLE.c.port_id == port_id, _TABLE.c.address.in_(addresses)
            ),
        )


def _subnet_for(
    network_id: str, known: Sequence[Subnet], one: Fixed
) -> Subnet:
    """The subnet of an address to be."""
    if one.subnet_id is not None:
        found = next((s for s in known if s.id == one.subnet_id), None)
        if found is None:
            raise errors.InvalidInput(
                reason=f"Failed to create port on network {network_id}, "
                "because fixed_ips included invalid subnet "
                f"{one.subnet_id}"
            )
        if one.address and not _within(found, one.address):
            raise errors.InvalidIpForSubnet(ip_address=one.address)
        return found
    for subnet in known:
        if one.address and _within(subnet, one.address):
            return subnet
    raise errors.InvalidIpForNetwork(ip_address=one.address)


def _within(subnet: Subnet, address: str) -> bool:
    inside = ip_address(address) in ip_network(subnet.cidr)
    return inside and addressing.is_usable(subnet.cidr, address)


def _asked(subnet: Subnet, address: str, auto: bool) -> Chosen:
    if auto:
        raise errors.AllocationOnAutoAddressSubnet(
            ip=address, subnet_id=subnet.id
        )
    return Chosen(subnet.id, str(ip_address(address)), asked=True)


def _any_of(
    session: orm.Session,
    network_id: str,
    fit: Sequence[Subnet],
    earlier: Collection[str] = (),
) -> Chosen:
    """A free address of the first of some subnets that has one."""
    for subnet in fit:
        drawn = addressing.draw(subnet.pools, _DRAWN)
        taken = {*earlier, *_taken(session, subnet.id, drawn)}
        left = [one for one in drawn if one not in taken]
        if left:
            return Chosen(subnet.id, left[0])
        if addressing.size(subnet.pools) <= _DRAWN:
            continue  # these were all that there are
        taken = {*earlier, *_taken(session, subnet.id)}
        address = addressing.draw_free(subnet.pools, taken)
        if address is not None:
            return Chosen(subnet.id, address)
    raise errors.IpAddressGenerationFailure(net_id=network_id)


def _taken(
    session: orm.Session,
    subnet_id: str,
    among: Collection[str] | None = None,
) -> set[str]:
    statement = sa.select(_TABLE.c.address).where(
        _TABLE.c.subnet_id == subnet_id
    )
    if among is not None:
        statement = statement.where(_TABLE.c.address.in_(among))
    return set(session.scalars(statement))
