# SPDX-License-Identifier: Apache-2.0
"""How many addresses the networks of the embedded service have, and use."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.network import IPAllocation, Network, Subnet


def networks(
    session: orm.Session,
) -> list[tuple[Network, list[tuple[Subnet, int]]]]:
    """Networks, each with its subnets and the addresses used in them."""
    used = dict(
        session.execute(
            sa.select(IPAllocation.subnet_id, sa.func.count()).group_by(
                IPAllocation.subnet_id
            )
        ).all()
    )
    inside = defaultdict[str, list[tuple[Subnet, int]]](list)
    for subnet in session.scalars(sa.select(Subnet).order_by(Subnet.id)):
        inside[subnet.network_id].append((subnet, used.get(subnet.id, 0)))
    found = session.scalars(sa.select(Network).order_by(Network.id))
    return [(network, inside[network.id]) for network in found]
