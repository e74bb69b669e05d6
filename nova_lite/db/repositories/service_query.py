# SPDX-License-Identifier: Apache-2.0
"""Services and hypervisors as the API shows and changes them.

Called by the controllers of os-services, os-hypervisors and
os-availability-zone; rows are dicts. Whether a service is up is told by the
age of its heartbeat alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.base import now
from nova_lite.db.models.compute_node import ComputeNode
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.migration import Migration
from nova_lite.db.models.service import Service
from nova_lite.db.repositories import (
    aggregate,
    compute_node,
    network_agent,
)

_SERVICE = Service.__table__
_NODE = ComputeNode.__table__
_INSTANCE = Instance.__table__

COMPUTE = "nova-lite-compute"

# States in which a migration concerns its hosts no more.
_ENDED_MIGRATIONS = (
    "accepted",
    "cancelled",
    "completed",
    "confirmed",
    "done",
    "error",
    "failed",
    "reverted",
)


def is_up(row: Mapping[str, Any], down_time_s: int) -> bool:
    """Whether a service's heartbeat is young enough."""
    seen: datetime.datetime | None = row["last_seen_at"]
    if row["forced_down"] or seen is None:
        return False
    return (now() - seen).total_seconds() <= down_time_s


def services(
    session: orm.Session,
    host: str | None = None,
    binary: str | None = None,
) -> list[dict[str, Any]]:
    """Services by their id."""
    statement = sa.select(_SERVICE).order_by(_SERVICE.c.id)
    if host is not None:
        statement = statement.where(_SERVICE.c.host == host)
    if binary is not None:
        statement = statement.where(_SERVICE.c.binary == binary)
    return [dict(row) for row in session.execute(statement).mappings()]


def service(session: orm.Session, key: str) -> dict[str, Any]:
    """A service by uuid, or by its number. Raises: ServiceNotFound."""
    return _by_key(
        session,
        _SERVICE,
        key,
        exception.ServiceNotFound(service_id=key),
    )


def _by_key(
    session: orm.Session,
    table: Any,
    key: str,
    missing: exception.NotFound,
) -> dict[str, Any]:
    if key.isascii() and key.isdigit():
        # More digits than a column can hold are nobody's number.
        if len(key) > 9:
            raise missing
        where = table.c.id == int(key)
    else:
        where = table.c.uuid == key
    row = session.execute(sa.select(table).where(where)).mappings().first()
    if row is None:
        raise missing
    return dict(row)


def update_service(
    session: orm.Session, row_id: int, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Change columns of a service; returns its row."""
    session.execute(
        sa.update(Service).where(_SERVICE.c.id == row_id).values(**values)
    )
    row = (
        session.execute(sa.select(_SERVICE).where(_SERVICE.c.id == row_id))
        .mappings()
        .first()
    )
    if row is None:
        raise exception.ServiceNotFound(service_id=row_id)
    return dict(row)


def delete_service(session: orm.Session, row: Mapping[str, Any]) -> None:
    """Remove a service; of a compute, all that is known of its host too,
    of a network agent, what was its own.

    Raises: Conflict while servers are on the host, or move to or from it.
    """
    if row["binary"] == COMPUTE:
        host = row["host"]
        _check_unused(session, host)
        aggregate.forget_host(session, host)
        compute_node.delete_for_host(session, host)
    elif row["binary"] == network_agent.BINARY:
        network_agent.forget(session, row["host"])
    session.execute(sa.delete(Service).where(_SERVICE.c.id == row["id"]))


def _check_unused(session: orm.Session, host: str) -> None:
    if session.scalar(
        sa.select(_INSTANCE.c.id)
        .where(_INSTANCE.c.deleted == 0, _INSTANCE.c.host == host)
        .limit(1)
    ):
        raise exception.Conflict(
            f"Host {host} still has servers: delete or move them first."
        )
    moving = session.scalar(
        sa.select(Migration.id)
        .where(
            sa.or_(
                Migration.source_compute == host,
                Migration.dest_compute == host,
            ),
            Migration.status.not_in(_ENDED_MIGRATIONS),
        )
        .limit(1)
    )
    if moving is not None:
        raise exception.Conflict(
            f"Host {host} takes part in migrations that have not ended: "
            "confirm, revert or await them first."
        )


def nodes(
    session: orm.Session,
    pattern: str | None = None,
    limit: int | None = None,
    marker: str | None = None,
) -> list[dict[str, Any]]:
    """Hypervisors by their id; ``pattern`` is a part of their name.

    ``marker`` is a uuid, or a number. Raises: MarkerNotFound.
    """
    statement = sa.select(_NODE).order_by(_NODE.c.id)
    if pattern is not None:
        statement = statement.where(
            _NODE.c.hypervisor_hostname.contains(pattern, autoescape=True)
        )
    if marker is not None:
        try:
            after = node(session, marker)
        except exception.NotFound:
            raise exception.MarkerNotFound(marker=marker) from None
        statement = statement.where(_NODE.c.id > after["id"])
    if limit is not None:
        statement = statement.limit(limit)
    return [dict(row) for row in session.execute(statement).mappings()]


def node(session: orm.Session, key: str) -> dict[str, Any]:
    """A hypervisor by uuid or number. Raises: ComputeHostNotFound."""
    return _by_key(
        session, _NODE, key, exception.ComputeHostNotFound(host=key)
    )


def servers_by_host(
    session: orm.Session, hosts: Sequence[str]
) -> dict[str, list[dict[str, str]]]:
    """host -> name and uuid of each server on it."""
    found: dict[str, list[dict[str, str]]] = {}
    statement = (
        sa.select(_INSTANCE.c.host, _INSTANCE.c.uuid, _INSTANCE.c.display_name)
        .where(_INSTANCE.c.deleted == 0, _INSTANCE.c.host.in_(hosts))
        .order_by(_INSTANCE.c.id)
    )
    for row in session.execute(statement):
        found.setdefault(row.host, []).append(
            {"uuid": row.uuid, "name": f"instance-{row.uuid}"}
        )
    return found


def node_of_host(session: orm.Session, host: str) -> dict[str, Any]:
    """The first hypervisor of a host. Raises: ComputeHostNotFound."""
    row = (
        session.execute(
            sa.select(_NODE).where(_NODE.c.host == host).order_by(_NODE.c.id)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise exception.ComputeHostNotFound(host=host)
    return dict(row)


def usage_by_project(
    session: orm.Session, host: str
) -> dict[str, dict[str, int]]:
    """project id -> cpu, memory_mb, disk_gb of its servers on a host."""
    disk_gb = _INSTANCE.c.root_gb + _INSTANCE.c.ephemeral_gb
    found = session.execute(
        sa.select(
            _INSTANCE.c.project_id,
            sa.func.sum(_INSTANCE.c.vcpus),
            sa.func.sum(_INSTANCE.c.memory_mb),
            sa.func.sum(disk_gb),
        )
        .where(_INSTANCE.c.deleted == 0, _INSTANCE.c.host == host)
        .group_by(_INSTANCE.c.project_id)
        .order_by(_INSTANCE.c.project_id)
    )
    return {
        project_id: {
            "cpu": int(vcpus),
            "memory_mb": int(memory_mb),
            "disk_gb": int(disk),
        }
        for project_id, vcpus, memory_mb, disk in found
    }
