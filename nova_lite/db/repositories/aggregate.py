# SPDX-License-Identifier: Apache-2.0
"""Aggregates, and the zone that they give to their hosts.

``services.availability_zone`` of a compute is what everybody reads: each
function here that can move a host to another zone writes it in the same
transaction. An aggregate's row is locked before the services of its hosts,
so that two changes at once follow one another.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db import session as db
from nova_lite.db.models.aggregate import Aggregate, AggregateHost
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.service import Service
from nova_lite.db.repositories import rows

ZONE = "availability_zone"
_COMPUTE = "nova-lite-compute"
_TABLE = Aggregate.__table__

Row = dict[str, Any]


def list_(session: orm.Session) -> list[Row]:
    """Every aggregate with its hosts, by id."""
    members: dict[int, list[str]] = {}
    for ident, host in session.execute(
        sa.select(AggregateHost.aggregate_id, AggregateHost.host).order_by(
            AggregateHost.host
        )
    ):
        members.setdefault(ident, []).append(host)
    found = session.execute(sa.select(_TABLE).order_by(_TABLE.c.id))
    return [
        {**row, "hosts": members.get(row["id"], [])}
        for row in found.mappings()
    ]


@db.transaction
def everything() -> list[Row]:
    """Every aggregate with its hosts, for the scheduler's memory."""
    with db.reader() as session:
        return list_(session)


@db.transaction
def working_hosts(ident: int, down_time_s: int) -> list[str]:
    """Hosts of an aggregate whose compute is up and enabled."""
    since = now() - datetime.timedelta(seconds=down_time_s)
    statement = (
        sa.select(Service.host)
        .join(AggregateHost, AggregateHost.host == Service.host)
        .where(
            AggregateHost.aggregate_id == ident,
            Service.binary == _COMPUTE,
            Service.disabled.is_(False),
            Service.forced_down.is_(False),
            Service.last_seen_at >= since,
        )
        .order_by(Service.host)
    )
    with db.reader() as session:
        return list(session.scalars(statement))


def get(session: orm.Session, ident: int) -> Row:
    """One aggregate with its hosts. Raises: AggregateNotFound."""
    row = (
        session.execute(sa.select(_TABLE).where(_TABLE.c.id == ident))
        .mappings()
        .first()
    )
    if row is None:
        raise exception.AggregateNotFound(aggregate_id=ident)
    return {**row, "hosts": _hosts(session, ident)}


def create(session: orm.Session, name: str, zone: str | None) -> Row:
    """A new aggregate without hosts. Raises: AggregateNameExists."""
    made = Aggregate(
        uuid=str(uuid.uuid4()),
        name=name,
        aggregate_metadata={ZONE: zone} if zone else {},
    )
    session.add(made)
    _flush(session, name)
    return {**rows.as_dict(made), "hosts": []}


def update(
    session: orm.Session,
    ident: int,
    *,
    action: str,
    name: str | None = None,
    metadata: Mapping[str, str | None] | None = None,
) -> Row:
    """Rename an aggregate, or change its metadata (None removes a key).

    ``action`` is what a refusal calls it.
    Raises: AggregateNotFound, AggregateNameExists, InvalidAggregateAction.
    """
    found = _lock(session, ident)
    if name is not None:
        found.name = name
    if metadata is not None:
        if ZONE in metadata:
            _move(session, found, metadata[ZONE], action)
        merged = {**found.aggregate_metadata, **metadata}
        found.aggregate_metadata = {
            key: value for key, value in merged.items() if value is not None
        }
    found.updated_at = now()
    _flush(session, found.name)
    return get(session, ident)


def delete(session: orm.Session, ident: int) -> None:
    """Remove an aggregate that has no hosts.

    Raises: AggregateNotFound, InvalidAggregateAction.
    """
    found = _lock(session, ident)
    if _hosts(session, ident):
        raise exception.InvalidAggregateAction(
            action="delete",
            aggregate_id=ident,
            reason="it still has hosts, remove them first",
        )
    session.delete(found)


def add_host(session: orm.Session, ident: int, host: str) -> Row:
    """Take a compute host in; it moves to the aggregate's zone.

    Raises: AggregateNotFound, ComputeHostNotFound, AggregateHostExists,
    AggregateConflict when it is in another zone or has servers.
    """
    found = _lock(session, ident)
    services = _lock_services(session, [host])
    if not services:
        raise exception.ComputeHostNotFound(host=host)
    if host in _hosts(session, ident):
        raise exception.AggregateHostExists(aggregate_id=ident, host=host)
    zone = found.aggregate_metadata.get(ZONE)
    if zone:
        try:
            _check_zone(session, found, [host], zone, "add_host")
            if services[host] != zone:
                _check_empty(session, found, [host], "add_host")
        except exception.InvalidAggregateAction as error:
            raise exception.AggregateConflict(str(error)) from error
        _set_zone(session, [host], zone)
    session.add(AggregateHost(aggregate_id=ident, host=host))
    found.updated_at = now()
    session.flush()
    return get(session, ident)


def remove_host(
    session: orm.Session, ident: int, host: str, default_zone: str
) -> Row:
    """Take a host out; without another zone it is in the default one.

    Raises: AggregateNotFound, AggregateHostNotFound, AggregateConflict when
    servers would change their zone by it.
    """
    found = _lock(session, ident)
    services = _lock_services(session, [host])
    if host not in _hosts(session, ident):
        raise exception.AggregateHostNotFound(aggregate_id=ident, host=host)
    if found.aggregate_metadata.get(ZONE):
        others = _zones_of(session, [host], but=ident)
        zone = next(iter(others), default_zone)
        if host in services and services[host] != zone:
            try:
                _check_empty(session, found, [host], "remove_host")
            except exception.InvalidAggregateAction as error:
                raise exception.AggregateConflict(str(error)) from error
            _set_zone(session, [host], zone)
    _forget(session, host, ident)
    found.updated_at = now()
    session.flush()
    return get(session, ident)


def forget_host(session: orm.Session, host: str) -> None:
    """Take a host out of every aggregate: its service is removed."""
    member_of = sa.select(AggregateHost.aggregate_id).where(
        AggregateHost.host == host
    )
    rows.execute(
        session,
        sa.update(Aggregate)
        .where(Aggregate.id.in_(member_of))
        .values(updated_at=now()),
    )
    _forget(session, host)


def _forget(session: orm.Session, host: str, ident: int | None = None) -> None:
    statement = sa.delete(AggregateHost).where(AggregateHost.host == host)
    if ident is not None:
        statement = statement.where(AggregateHost.aggregate_id == ident)
    rows.execute(session, statement)


def _lock(session: orm.Session, ident: int) -> Aggregate:
    found = session.get(Aggregate, ident, with_for_update=True)
    if found is None:
        raise exception.AggregateNotFound(aggregate_id=ident)
    return found


def _lock_services(
    session: orm.Session, hosts: Collection[str]
) -> dict[str, str]:
    """host -> present zone of its compute service."""
    found = session.execute(
        sa.select(Service.host, Service.availability_zone)
        .where(Service.binary == _COMPUTE, Service.host.in_(hosts))
        .order_by(Service.id)
        .with_for_update()
    )
    return {row.host: row.availability_zone for row in found}


def _hosts(session: orm.Session, ident: int) -> list[str]:
    return list(
        session.scalars(
            sa.select(AggregateHost.host)
            .where(AggregateHost.aggregate_id == ident)
            .order_by(AggregateHost.host)
        )
    )


def _flush(session: orm.Session, name: str) -> None:
    try:
        session.flush()
    except db_exc.DBDuplicateEntry as error:
        raise exception.AggregateNameExists(aggregate_name=name) from error


def _move(
    session: orm.Session, found: Aggregate, zone: str | None, action: str
) -> None:
    """Put an aggregate's hosts into another zone, if that can be."""
    if not zone:
        raise exception.InvalidAggregateAction(
            action=action,
            aggregate_id=found.id,
            reason="the name of its availability zone cannot be empty",
        )
    hosts = _hosts(session, found.id)
    services = _lock_services(session, hosts)
    _check_zone(session, found, hosts, zone, action)
    if found.aggregate_metadata.get(ZONE) != zone:
        moving = [host for host in hosts if services.get(host) != zone]
        _check_empty(session, found, moving, action)
    _set_zone(session, hosts, zone)


def _check_zone(
    session: orm.Session,
    found: Aggregate,
    hosts: Collection[str],
    zone: str,
    action: str,
) -> None:
    """Refuse a second zone for a host."""
    others = _zones_of(session, hosts, but=found.id) - {zone}
    if others:
        raise exception.InvalidAggregateAction(
            action=action,
            aggregate_id=found.id,
            reason="one or more hosts are already in availability zone(s) "
            f"{', '.join(sorted(others))}",
        )


def _check_empty(
    session: orm.Session,
    found: Aggregate,
    hosts: Collection[str],
    action: str,
) -> None:
    """Refuse to change the zone of servers."""
    held = session.scalar(
        sa.select(Instance.host)
        .where(Instance.deleted == 0, Instance.host.in_(hosts))
        .limit(1)
    )
    if held is not None:
        raise exception.InvalidAggregateAction(
            action=action,
            aggregate_id=found.id,
            reason="one or more hosts contain servers, whose availability "
            f"zone would change (host {held}): move or delete them first",
        )


def _zones_of(
    session: orm.Session, hosts: Collection[str], but: int
) -> set[str]:
    """Zones that other aggregates give to any of these hosts."""
    found = session.scalars(
        sa.select(Aggregate.aggregate_metadata)
        .join(AggregateHost, AggregateHost.aggregate_id == Aggregate.id)
        .where(AggregateHost.host.in_(hosts), Aggregate.id != but)
    )
    return {values[ZONE] for values in found if values.get(ZONE)}


def _set_zone(session: orm.Session, hosts: Collection[str], zone: str) -> None:
    rows.execute(
        session,
        sa.update(Service)
        .where(Service.binary == _COMPUTE, Service.host.in_(hosts))
        .values(availability_zone=zone),
    )
