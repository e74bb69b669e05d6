# SPDX-License-Identifier: Apache-2.0
"""Whom a change to the embedded network service concerns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.network import (
    NetworkAgent,
    Port,
    PortSecurityGroup,
    Router,
    SecurityGroupRule,
)


@dataclass(frozen=True, slots=True)
class ServerNews:
    """What the compute of a host has to know of a server's port.

    ``event``: network-changed or network-vif-deleted.
    """

    host: str
    server: str
    event: str
    port_id: str


@dataclass(slots=True)
class Changes:
    """What a transaction has changed, collected while it runs.

    ``networks`` and ``groups`` are ids: whoever has a port of them, and for
    groups also who has a rule that names them, has to know. ``routers``:
    their hosts. ``hosts`` are told in any case. ``servers``: what their
    computes are told.
    """

    hosts: set[str] = field(default_factory=set)
    networks: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    routers: set[str] = field(default_factory=set)
    servers: set[ServerNews] = field(default_factory=set)

    def server(self, port: Port | None, event: str) -> None:
        """Have a port's server told, if the port is one of a server's."""
        if (
            port is not None
            and port.host
            and port.device_owner.startswith("compute:")
        ):
            self.servers.add(
                ServerNews(port.host, port.device_id, event, port.id)
            )


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told after the commit: agents of hosts, and computes."""

    hosts: Sequence[str]
    servers: Collection[ServerNews] = ()


def told(session: orm.Session, changes: Changes) -> Told:
    """Whom the changes concern; one statement at most."""
    return Told(hosts(session, changes), changes.servers)


def hosts(session: orm.Session, changes: Changes) -> list[str]:
    """The hosts with an agent that the changes concern; one statement."""
    conditions = []
    if changes.hosts:
        conditions.append(NetworkAgent.host.in_(changes.hosts))
    if changes.networks:
        conditions.append(
            NetworkAgent.host.in_(
                sa.select(Port.host).where(
                    Port.network_id.in_(changes.networks)
                )
            )
        )
    if changes.groups:
        conditions.append(NetworkAgent.host.in_(_with_groups(changes.groups)))
    if changes.routers:
        conditions.append(
            NetworkAgent.host.in_(
                sa.select(Router.host).where(Router.id.in_(changes.routers))
            )
        )
    if not conditions:
        return []
    found = sa.select(NetworkAgent.host).where(sa.or_(*conditions))
    return list(session.scalars(found.order_by(NetworkAgent.host)))


def _with_groups(groups: set[str]) -> Any:
    """Hosts of ports that have a group, or one with a rule about it."""
    naming = sa.select(SecurityGroupRule.security_group_id).where(
        SecurityGroupRule.remote_group_id.in_(groups)
    )
    return (
        sa.select(Port.host)
        .join(PortSecurityGroup, PortSecurityGroup.port_id == Port.id)
        .where(
            sa.or_(
                PortSecurityGroup.security_group_id.in_(groups),
                PortSecurityGroup.security_group_id.in_(naming),
            )
        )
    )
