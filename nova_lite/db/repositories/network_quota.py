# SPDX-License-Identifier: Apache-2.0
"""Limits of projects in the embedded network service, and what they use.

``reserve`` holds a lock on the project until the transaction's end, so two
that create at once count one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db.models.network import (
    FloatingIP,
    Network,
    NetworkQuota,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from nova_lite.db.repositories import network_agent, rows
from nova_lite.network import errors

RESOURCES: Mapping[str, Any] = {
    "network": Network,
    "subnet": Subnet,
    "port": Port,
    "router": Router,
    "floatingip": FloatingIP,
    "security_group": SecurityGroup,
    "security_group_rule": SecurityGroupRule,
}
# project -> a SELECT of one value
Also = Callable[[str], Any]
# The row of a project that is locked while it creates.
_LOCK = ""

_TABLE = NetworkQuota.__table__


def reserve(
    session: orm.Session,
    default: int,
    project_id: str,
    resource: str,
    added: int = 1,
    also: Also | None = None,
) -> Any:
    """See that a project may have some more of a resource.

    ``default``: the limit of projects that have none of their own. Returns
    what ``also`` selects of the project.
    Raises: OverQuota; RetryRequest.
    """
    _lock(session, project_id)
    own = sa.select(_TABLE.c.limit).where(
        _TABLE.c.project_id == project_id, _TABLE.c.resource == resource
    )
    more = sa.select(sa.null()) if also is None else also(project_id)
    limit, used, found = session.execute(
        sa.select(
            own.scalar_subquery(),
            _count(project_id, resource).scalar_subquery(),
            more.scalar_subquery(),
        )
    ).one()
    limit = default if limit is None else limit
    if 0 <= limit < used + added:
        raise errors.OverQuota(resource=resource, used=used, limit=limit)
    return found


def _lock(session: orm.Session, project_id: str) -> None:
    mine = sa.and_(
        _TABLE.c.project_id == project_id, _TABLE.c.resource == _LOCK
    )
    if rows.execute(
        session,
        sa.update(NetworkQuota).where(mine).values(limit=_TABLE.c.limit),
    ):
        return
    try:
        session.execute(
            sa.insert(NetworkQuota).values(
                project_id=project_id, resource=_LOCK, limit=0
            )
        )
    except db_exc.DBDuplicateEntry as error:
        raise db_exc.RetryRequest(error) from error


def _count(project_id: str, resource: str) -> Any:
    """All that a project has, but what hosts made for it by themselves."""
    model = RESOURCES[resource]
    counted = sa.select(sa.func.count()).where(model.project_id == project_id)
    if model is Port:
        # There is one on each host with a guest on the network.
        dhcp = sa.and_(
            Port.device_owner == network_agent.DHCP, Port.host != ""
        )
        counted = counted.where(sa.not_(dhcp))
    return counted


def limits(session: orm.Session, project_id: str) -> dict[str, int]:
    """A project's own limits."""
    found = session.execute(
        sa.select(_TABLE.c.resource, _TABLE.c.limit).where(
            _TABLE.c.project_id == project_id, _TABLE.c.resource != _LOCK
        )
    )
    return {row.resource: row.limit for row in found}


def all_limits(session: orm.Session) -> dict[str, dict[str, int]]:
    """The limits of every project that has its own."""
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(
        sa.select(_TABLE)
        .where(_TABLE.c.resource != _LOCK)
        .order_by(_TABLE.c.project_id)
    ):
        found.setdefault(row.project_id, {})[row.resource] = row.limit
    return found


def used(session: orm.Session, project_id: str) -> dict[str, int]:
    """What a project has of each resource; one statement."""
    row = (
        session.execute(
            sa.select(
                *(
                    _count(project_id, name).scalar_subquery().label(name)
                    for name in RESOURCES
                )
            )
        )
        .mappings()
        .one()
    )
    return dict(row)


def set_limits(
    session: orm.Session, project_id: str, values: Mapping[str, int]
) -> None:
    """Give a project limits of its own."""
    _lock(session, project_id)
    if not values:
        return
    rows.execute(
        session,
        sa.delete(NetworkQuota).where(
            _TABLE.c.project_id == project_id,
            _TABLE.c.resource.in_(sorted(values)),
        ),
    )
    session.execute(
        sa.insert(NetworkQuota),
        [
            {"project_id": project_id, "resource": name, "limit": limit}
            for name, limit in sorted(values.items())
        ],
    )


def forget(session: orm.Session, project_id: str) -> bool:
    """Let a project have the default limits again; False if it had."""
    return bool(
        rows.execute(
            session,
            sa.delete(NetworkQuota).where(
                _TABLE.c.project_id == project_id,
                _TABLE.c.resource != _LOCK,
            ),
        )
    )
