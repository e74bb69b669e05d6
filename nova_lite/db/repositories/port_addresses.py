# SPDX-License-Identifier: Apache-2.0
"""The addresses of ports that are there already: others, more, whose.

Used by the embedded network service's handlers in the API process, and for
the ports of DHCP servers in conductor. Functions work in the session they
are given.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.network import IPAllocation, Port, Subnet
from nova_lite.db.repositories import network_ipam
from nova_lite.db.repositories.network_ipam import Fixed

# They have the addresses that they were given, and no other.
_NOT_AUTOMATIC = (*network_ipam.ROUTER_OWNERS, "network:floatingip")


def replace(
    session: orm.Session, port: Port, wanted: Sequence[Fixed] | None
) -> list[str]:
    """Make a port's addresses be the wanted ones; those that it lost.

    What it has and is wanted stays; ``wanted`` None draws all anew.
    Raises: as network_ipam.choose and allocate.
    """
    known = network_ipam.subnets(session, port.network_id)
    present = [
        Fixed(one["subnet_id"], one["ip_address"])
        for one in network_ipam.of_ports(session, [port.id])[port.id]
    ]
    new = wanted
    kept: list[Fixed] = []
    if wanted is not None:
        kept, new = _kept(present, wanted)
        auto = {one.id for one in known if network_ipam.is_auto(one)}
        if wanted:
            mine = [one for one in present if one.subnet_id in auto]
            kept += [one for one in mine if one not in kept]
    chosen = network_ipam.choose(
        session,
        port.network_id,
        known,
        new,
        port.mac_address,
        port.device_owner,
    )
    held = {one.address for one in kept}
    chosen = [one for one in chosen if one.address not in held]
    network_ipam.check_free(session, chosen, port.id)
    lost = [
        one.address
        for one in present
        if one.address is not None and one.address not in held
    ]
    network_ipam.free(session, port.id, lost)
    network_ipam.allocate(
        session, port.network_id, port.id, chosen, first=len(kept)
    )
    return lost


def give_automatic(session: orm.Session, subnet: Subnet) -> list[Port]:
    """Let a network's ports have their addresses in a new subnet of it.

    ``subnet``: one whose hosts make their addresses themselves, as those
    that are there already do. Returns the ports.
    """
    found = list(
        session.scalars(
            sa.select(Port)
            .where(
                Port.network_id == subnet.network_id,
                Port.device_owner.not_in(_NOT_AUTOMATIC),
            )
            .order_by(Port.id)
            .with_for_update()
        )
    )
    network_ipam.allocate_automatic(
        session, subnet, {port.id: port.mac_address for port in found}
    )
    for port in found:
        port.revision += 1
    return found


def in_subnet(session: orm.Session, subnet_id: str) -> list[Port]:
    """The ports with an address in a subnet."""
    having = sa.select(IPAllocation.port_id).where(
        IPAllocation.subnet_id == subnet_id
    )
    return list(session.scalars(sa.select(Port).where(Port.id.in_(having))))


def _kept(
    present: Sequence[Fixed], wanted: Sequence[Fixed]
) -> tuple[list[Fixed], list[Fixed]]:
    """Which addresses fit the wish, and what of it is left."""
    left = list(present)
    kept: list[Fixed] = []
    new: list[Fixed] = []
    for exact in (True, False):
        for one in wanted:
            if (one.address is not None) is not exact:
                continue
            fit = next(
                (
                    have
                    for have in left
                    if one.subnet_id in (None, have.subnet_id)
                    and one.address in (None, have.address)
                ),
                None,
            )
            if fit is None:
                new.append(one)
            else:
                left.remove(fit)
                kept.append(fit)
    return kept, new
