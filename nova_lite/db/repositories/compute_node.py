# SPDX-License-Identifier: Apache-2.0
"""Statements about hypervisors: their reports, and what changed since.

``report`` is called through objects.ComputeNode in conductor, for a compute;
the ``*_since`` functions by the scheduler, which keeps every host in memory.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.aggregate import Aggregate
from nova_lite.db.models.base import now
from nova_lite.db.models.compute_node import ComputeNode
from nova_lite.db.models.provider import (
    Allocation,
    Inventory,
    ResourceProvider,
)
from nova_lite.db.models.service import Service
from nova_lite.db.repositories import provider, rows

COMPUTE_BINARY = "nova-lite-compute"

# Documents are given to the scheduler as the text they are kept as: hosts of
# one kind have equal text, which is then read once for all of them.
_DOCUMENTS = ("cpu_info", "supported_instances", "capabilities")


@session.transaction
def report(
    row: Mapping[str, Any], inventories: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Write a node, its provider and inventories, where they differ.

    Returns whether anything was written.
    Raises: Conflict when the host's hypervisor is known by another uuid.
    """
    with session.writer() as db:
        node = db.scalar(
            sa.select(ComputeNode).where(ComputeNode.uuid == row["uuid"])
        )
        if node is None:
            _insert(db, row, inventories)
            return True
        if node.host != row["host"]:
            raise exception.ConfigurationError(
                reason=f"this node (uuid {node.uuid}) belongs to host "
                f"{node.host}, but [DEFAULT] host is {row['host']} now. Its "
                "servers are known under the former name: set it back."
            )
        changed = _update_node(node, row)
        return _update_stock(db, node, inventories) or changed


def _insert(
    db: orm.Session,
    row: Mapping[str, Any],
    inventories: Mapping[str, Mapping[str, Any]],
) -> None:
    taken = db.scalar(
        sa.select(ComputeNode.uuid).where(
            ComputeNode.host == row["host"],
            ComputeNode.hypervisor_hostname == row["hypervisor_hostname"],
        )
    )
    if taken is not None:
        raise exception.Conflict(
            f"Host {row['host']} is known by the compute node uuid {taken}, "
            f"and reports itself as {row['uuid']}. Give it its former uuid "
            "back, or delete its compute service first."
        )
    db.add(ComputeNode(**row, updated_at=now()))
    stock = ResourceProvider(
        uuid=row["uuid"], name=row["hypervisor_hostname"], updated_at=now()
    )
    db.add(stock)
    try:
        db.flush()
    except db_exc.DBDuplicateEntry as error:
        # A second report of the same node came between: look again.
        raise db_exc.RetryRequest(error) from error
    db.add_all(
        Inventory(provider_id=stock.id, resource_class=name, **figures)
        for name, figures in inventories.items()
    )


def _update_node(node: ComputeNode, row: Mapping[str, Any]) -> bool:
    changed = False
    for name, value in row.items():
        if _plain(getattr(node, name)) != _plain(value):
            setattr(node, name, value)
            changed = True
    return changed


def _plain(value: Any) -> Any:
    """A document as JSON knows it: tuples and lists are one there."""
    if isinstance(value, dict | list | tuple):
        return json.loads(json.dumps(value))
    return value


def _update_stock(
    db: orm.Session,
    node: ComputeNode,
    inventories: Mapping[str, Mapping[str, Any]],
) -> bool:
    stock = db.scalars(
        sa.select(ResourceProvider).where(ResourceProvider.uuid == node.uuid)
    ).one()
    known = {
        row.resource_class: row
        for row in db.scalars(
            sa.select(Inventory).where(Inventory.provider_id == stock.id)
        )
    }
    for name, figures in inventories.items():
        row = known.get(name)
        if row is None:
            row = Inventory(provider_id=stock.id, resource_class=name)
            db.add(row)
        for key, value in figures.items():
            if getattr(row, key) != value:
                setattr(row, key, value)
    for name in known.keys() - inventories.keys():
        db.delete(known[name])
    changed = bool(db.new or db.deleted) or any(
        db.is_modified(row) for row in known.values()
    )
    if changed:
        provider.bump(db, stock.id)
    return changed


@session.transaction
def get(uuid: str) -> dict[str, Any]:
    """One node as a dict of its columns. Raises: ComputeHostNotFound."""
    with session.reader() as db:
        row = db.execute(
            sa.select(ComputeNode.__table__).where(ComputeNode.uuid == uuid)
        ).first()
    if row is None:
        raise exception.ComputeHostNotFound(host=uuid)
    return dict(row._mapping)


@session.transaction
def list_all(host: str | None = None) -> list[dict[str, Any]]:
    """Every node, or those of one host, as dicts, in the order of ids."""
    statement = sa.select(ComputeNode.__table__).order_by(ComputeNode.id)
    if host is not None:
        statement = statement.where(ComputeNode.host == host)
    with session.reader() as db:
        return [dict(row._mapping) for row in db.execute(statement)]


def delete_for_host(db: orm.Session, host: str) -> None:
    """Remove a host's nodes with their providers.

    What servers still hold of them is removed too: the caller has seen to
    it that none are there.
    """
    uuids = list(
        db.scalars(sa.select(ComputeNode.uuid).where(ComputeNode.host == host))
    )
    ids = list(
        db.scalars(
            sa.select(ResourceProvider.id).where(
                ResourceProvider.uuid.in_(uuids)
            )
        )
    )
    for model, column in (
        (Allocation, Allocation.provider_id),
        (Inventory, Inventory.provider_id),
        (ResourceProvider, ResourceProvider.id),
    ):
        rows.execute(db, sa.delete(model).where(column.in_(ids)))
    rows.execute(db, sa.delete(ComputeNode).where(ComputeNode.host == host))


def blame(db: orm.Session, host: str) -> None:
    """Remember that a build failed on this host."""
    rows.execute(
        db,
        sa.update(ComputeNode)
        .where(ComputeNode.host == host)
        .values(failed_builds=ComputeNode.failed_builds + 1),
    )


def forgive(db: orm.Session, host: str) -> None:
    """Forget failed builds after one that succeeded."""
    rows.execute(
        db,
        sa.update(ComputeNode)
        .where(ComputeNode.host == host, ComputeNode.failed_builds != 0)
        .values(failed_builds=0),
    )


# --- for the scheduler's memory ---------------------------------------------


@session.transaction
def changed_since(
    moment: datetime.datetime | None,
) -> Sequence[Any]:
    """Nodes written at or after a moment (None: all), with provider_id.

    ``cpu_info``, ``supported_instances`` and ``capabilities`` are JSON text.
    """
    statement = sa.select(
        ComputeNode.uuid,
        ComputeNode.host,
        ComputeNode.hypervisor_hostname.label("node"),
        ComputeNode.hypervisor_type,
        ComputeNode.hypervisor_version,
        ComputeNode.running_vms,
        ComputeNode.failed_builds,
        ComputeNode.host_ip,
        ComputeNode.updated_at,
        ResourceProvider.id.label("provider_id"),
        *(
            sa.type_coerce(getattr(ComputeNode, name), sa.Text).label(name)
            for name in _DOCUMENTS
        ),
    ).join(ResourceProvider, ResourceProvider.uuid == ComputeNode.uuid)
    if moment is not None:
        statement = statement.where(ComputeNode.updated_at >= moment)
    with session.reader() as db:
        return db.execute(statement).all()


@session.transaction
def zones(hosts: Collection[str] | None = None) -> dict[str, str]:
    """Availability zone of compute hosts (None: of all), by host."""
    statement = sa.select(Service.host, Service.availability_zone).where(
        Service.binary == COMPUTE_BINARY
    )
    found: dict[str, str] = {}
    with session.reader() as db:
        if hosts is None:
            return {
                row.host: row.availability_zone
                for row in db.execute(statement)
            }
        for part in provider.chunks(hosts):
            rows = db.execute(statement.where(Service.host.in_(part)))
            found.update((host, zone) for host, zone in rows)
    return found


@session.transaction
def impaired_services(
    silent_since: datetime.datetime,
) -> Sequence[Any]:
    """Compute services that are disabled, forced down or silent.

    Silent is one with no heartbeat at or after ``silent_since``. Where all
    is well these are few, however many hosts there are.
    """
    statement = sa.select(
        Service.host,
        Service.disabled,
        Service.disabled_reason,
        Service.forced_down,
        Service.last_seen_at,
    ).where(
        Service.binary == COMPUTE_BINARY,
        sa.or_(
            Service.disabled.is_(True),
            Service.forced_down.is_(True),
            Service.last_seen_at.is_(None),
            Service.last_seen_at < silent_since,
        ),
    )
    with session.reader() as db:
        return db.execute(statement).all()


@session.transaction
def census() -> tuple[int, tuple[Any, ...]]:
    """How many nodes there are, and a mark of the aggregates.

    A cheap way to notice a node that went; the mark is another one after
    each change of an aggregate.
    """
    marks = (
        sa.func.count(Aggregate.id),
        sa.func.max(Aggregate.id),
        sa.func.max(Aggregate.updated_at),
    )
    statement = sa.select(
        sa.select(sa.func.count(ComputeNode.id)).scalar_subquery(),
        *(sa.select(mark).scalar_subquery() for mark in marks),
    )
    with session.reader() as db:
        nodes, *mark = db.execute(statement).one()
    return nodes, tuple(mark)


@session.transaction
def uuids() -> set[str]:
    """The uuid of every node."""
    with session.reader() as db:
        return set(db.scalars(sa.select(ComputeNode.uuid)))
