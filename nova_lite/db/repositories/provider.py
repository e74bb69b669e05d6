# SPDX-License-Identifier: Apache-2.0
"""Statements about what hosts offer and what servers hold of it.

Called by the scheduler (claims), by conductor (release, orphans) and by
whoever shows usage. A provider's ``generation`` moves with every change of
its allocations or inventories; a claim is written only over the generation
that its author has read, so nobody can give the same place away twice.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db import session
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.migration import Migration
from nova_lite.db.models.provider import (
    Allocation,
    Inventory,
    ResourceProvider,
)
from nova_lite.db.repositories import occupancy

T = TypeVar("T")

# Values of one IN list: below every server's limit, and cheap to parse.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """What one consumer takes of one provider, seen at ``generation``."""

    provider_id: int
    generation: int
    resources: Mapping[str, int]


@dataclass(slots=True)
class Stock:
    """A provider as it is: what it may hold in all and what is taken.

    ``capacity`` has the ratio and the reserved amount in it.
    """

    generation: int
    capacity: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Parts that are short enough for an IN list."""
    rest = iter(values)
    while part := list(islice(rest, _CHUNK)):
        yield part


def capacity(total: int, reserved: int, allocation_ratio: float) -> int:
    """What may be allocated of one resource class."""
    return max(int((total - reserved) * allocation_ratio), 0)


@session.transaction
def claim(
    claims: Mapping[str, Claim], group: occupancy.Group | None = None
) -> set[str]:
    """Write what each consumer takes; all of it in one transaction.

    ``group`` is their server group as it was when the hosts were chosen:
    when another claim for it came first, all are refused.

    Whatever a consumer held before is replaced, so that a claim may be
    repeated. Returns the consumers whose provider was changed since it was
    read: nothing was written for these, and they keep what they held.
    """
    by_provider: dict[int, list[str]] = {}
    for consumer, wanted in claims.items():
        by_provider.setdefault(wanted.provider_id, []).append(consumer)
    with session.writer() as db:
        if group is not None and not occupancy.swap(db, group):
            return set(claims)
        former = _providers_of(db, claims)
        moved: set[str] = set()
        # In the order of ids, so that no two claims wait for each other.
        for provider_id in sorted({*by_provider, *former}):
            consumers = by_provider.get(provider_id, [])
            if not consumers:
                bump(db, provider_id)
            elif not _swap(db, provider_id, claims[consumers[0]].generation):
                moved.update(consumers)
        _write(db, claims.keys() - moved, claims, bool(former))
    return moved


@session.transaction
def try_claim(
    provider_uuid: str,
    consumer: str,
    resources: Mapping[str, int],
    group_uuid: str | None = None,
) -> bool:
    """Claim on one given provider if it has room; what was held is replaced.

    False when it is full, unknown, or was changed at the same moment, or
    when the policy of the consumer's server group forbids it.
    """
    with session.writer() as db:
        group = group_uuid and occupancy.locked(db, group_uuid, consumer)
        found = db.execute(
            sa.select(ResourceProvider.id, ResourceProvider.generation).where(
                ResourceProvider.uuid == provider_uuid
            )
        ).first()
        if found is None or (group and group.refusal(found.id)):
            return False
        stock = _stocks(db, [found.id])[found.id]
        for name, amount in resources.items():
            free = stock.capacity.get(name, 0) - stock.used.get(name, 0)
            if free < amount:
                return False
        free_consumers(db, [consumer])
        if not _swap(db, found.id, found.generation):
            return False
        wanted = Claim(found.id, found.generation, resources)
        _write(db, [consumer], {consumer: wanted}, held_before=False)
        return True


def _providers_of(
    db: orm.Session, consumers: Collection[str]
) -> dict[int, set[str]]:
    """provider id -> those of the consumers that hold something of it."""
    found: dict[int, set[str]] = {}
    for part in chunks(consumers):
        rows = db.execute(
            sa.select(Allocation.provider_id, Allocation.consumer_uuid)
            .where(Allocation.consumer_uuid.in_(part))
            .distinct()
        )
        for provider_id, consumer in rows:
            found.setdefault(provider_id, set()).add(consumer)
    return found


def _swap(db: orm.Session, provider_id: int, generation: int) -> bool:
    done = db.execute(
        sa.update(ResourceProvider)
        .where(
            ResourceProvider.id == provider_id,
            ResourceProvider.generation == generation,
        )
        .values(generation=generation + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def bump(db: orm.Session, provider_id: int) -> None:
    """Make claims fail that were made over the present generation."""
    db.execute(
        sa.update(ResourceProvider)
        .where(ResourceProvider.id == provider_id)
        .values(generation=ResourceProvider.generation + 1)
        .execution_options(synchronize_session=False)
    )


def _write(
    db: orm.Session,
    consumers: Collection[str],
    claims: Mapping[str, Claim],
    held_before: bool,
) -> None:
    if held_before:
        _delete(db, consumers)
    moment = now()
    rows = [
        {
            "consumer_uuid": consumer,
            "provider_id": claims[consumer].provider_id,
            "resource_class": name,
            "used": used,
            "created_at": moment,
        }
        for consumer in consumers
        for name, used in claims[consumer].resources.items()
        if used
    ]
    if rows:
        db.execute(sa.insert(Allocation), rows)


def _delete(db: orm.Session, consumers: Collection[str]) -> None:
    for part in chunks(consumers):
        db.execute(
            sa.delete(Allocation)
            .where(Allocation.consumer_uuid.in_(part))
            .execution_options(synchronize_session=False)
        )


@session.transaction
def release(consumers: Collection[str]) -> list[int]:
    """Give back all that the consumers hold; nothing held is no error.

    Returns the ids of the providers that got something back.
    """
    with session.writer() as db:
        return free_consumers(db, consumers)


def free_consumers(db: orm.Session, consumers: Collection[str]) -> list[int]:
    """``release``, as a part of the caller's transaction."""
    former = sorted(_providers_of(db, consumers))
    for provider_id in former:
        bump(db, provider_id)
    if former:
        _delete(db, consumers)
    return former


@session.transaction
def allocations(
    consumers: Collection[str],
) -> dict[str, dict[int, dict[str, int]]]:
    """What each consumer holds: consumer -> provider id -> class -> used."""
    found: dict[str, dict[int, dict[str, int]]] = {}
    with session.reader() as db:
        for part in chunks(consumers):
            rows = db.execute(
                sa.select(
                    Allocation.consumer_uuid,
                    Allocation.provider_id,
                    Allocation.resource_class,
                    Allocation.used,
                ).where(Allocation.consumer_uuid.in_(part))
            )
            for consumer, provider_id, name, used in rows:
                held = found.setdefault(consumer, {})
                held.setdefault(provider_id, {})[name] = used
    return found


@session.transaction
def usages(
    provider_ids: Collection[int] | None = None,
) -> dict[int, dict[str, int]]:
    """What is taken of providers (all by default): id -> class -> used."""
    with session.reader() as db:
        return _usages(db, provider_ids)


def _usages(
    db: orm.Session, provider_ids: Collection[int] | None
) -> dict[int, dict[str, int]]:
    statement = sa.select(
        Allocation.provider_id,
        Allocation.resource_class,
        # SUM of integers is a decimal on MariaDB and PostgreSQL.
        sa.cast(sa.func.sum(Allocation.used), sa.BigInteger),
    ).group_by(Allocation.provider_id, Allocation.resource_class)
    found: dict[int, dict[str, int]] = {}
    for rows in _in_parts(db, statement, Allocation.provider_id, provider_ids):
        for provider_id, name, used in rows:
            found.setdefault(provider_id, {})[name] = used
    return found


def _in_parts(
    db: orm.Session,
    statement: Any,
    column: Any,
    values: Collection[int] | None,
) -> Iterator[Sequence[Any]]:
    """Results for all values (None), or for those given, part by part."""
    if values is None:
        yield db.execute(statement).all()
        return
    for part in chunks(values):
        yield db.execute(statement.where(column.in_(part))).all()


def stock(db: orm.Session, provider_id: int) -> Stock:
    """One provider's, as a part of the caller's transaction."""
    return _stocks(db, [provider_id])[provider_id]


@session.transaction
def stocks(
    provider_ids: Collection[int] | None = None,
) -> dict[int, Stock]:
    """Generation, capacity and usage of providers (all by default)."""
    with session.reader() as db:
        return _stocks(db, provider_ids)


def _stocks(
    db: orm.Session, provider_ids: Collection[int] | None
) -> dict[int, Stock]:
    """Read in this order:

    The generation is read first: should a claim come between, the figures
    are newer than the generation, and a claim over it fails as it must.
    """
    providers = sa.select(ResourceProvider.id, ResourceProvider.generation)
    inventories = sa.select(
        Inventory.provider_id,
        Inventory.resource_class,
        Inventory.total,
        Inventory.reserved,
        Inventory.allocation_ratio,
    )
    found: dict[int, Stock] = {}
    for rows in _in_parts(db, providers, ResourceProvider.id, provider_ids):
        for provider_id, generation in rows:
            found[provider_id] = Stock(generation)
    for rows in _in_parts(
        db, inventories, Inventory.provider_id, provider_ids
    ):
        for provider_id, name, *figures in rows:
            if provider_id in found:
                found[provider_id].capacity[name] = capacity(*figures)
    for provider_id, used in _usages(db, provider_ids).items():
        if provider_id in found:
            found[provider_id].used = used
    return found


@session.transaction
def generations_since(
    moment: datetime.datetime | None,
) -> list[tuple[int, int, datetime.datetime | None]]:
    """Id, generation, updated_at of providers changed since (None: all)."""
    statement = sa.select(
        ResourceProvider.id,
        ResourceProvider.generation,
        ResourceProvider.updated_at,
    )
    if moment is not None:
        statement = statement.where(ResourceProvider.updated_at >= moment)
    with session.reader() as db:
        return [(row[0], row[1], row[2]) for row in db.execute(statement)]


@session.transaction
def orphans(older_than_s: float = 0) -> list[str]:
    """Consumers that are neither a live server nor its migration.

    In uuid order.
    """
    before = now() - datetime.timedelta(seconds=older_than_s)
    with session.reader() as db:
        return list(
            db.scalars(
                sa.select(Allocation.consumer_uuid)
                .outerjoin(
                    Instance,
                    sa.and_(
                        Instance.uuid == Allocation.consumer_uuid,
                        Instance.deleted == 0,
                    ),
                )
                .where(
                    Instance.id.is_(None),
                    Allocation.created_at <= before,
                    Allocation.consumer_uuid.not_in(_migrations()),
                )
                .distinct()
                .order_by(Allocation.consumer_uuid)
            )
        )


def _migrations() -> Any:
    """uuids of the migrations of live servers: they may hold something."""
    return (
        sa.select(Migration.uuid)
        .join(Instance, Instance.uuid == Migration.instance_uuid)
        .where(Instance.deleted == 0)
    )
