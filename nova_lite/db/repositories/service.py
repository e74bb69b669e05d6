# SPDX-License-Identifier: Apache-2.0
"""Daemons and their processes."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.models.service import Incarnation, Service
from nova_lite.db.repositories import rows

_ACTION: Any = InstanceAction.__table__
_INCARNATION: Any = Incarnation.__table__
_SERVICE: Any = Service.__table__

# An action claimed this recently may not be in the list of its process yet.
_CLAIM_GRACE = datetime.timedelta(seconds=10)


@db.transaction
def start(
    identity: Mapping[str, Any], process: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Record a process that begins; its service's other processes."""
    try:
        return _start(identity, process)
    except db_exc.DBDuplicateEntry:
        # Two workers of a new service began together: the other one's row
        # is there now.
        return _start(identity, process)


def _start(
    identity: Mapping[str, Any], process: Mapping[str, Any]
) -> list[dict[str, Any]]:
    with db.writer() as session:
        service = session.scalar(
            sa.select(Service).where(
                Service.host == identity["host"],
                Service.binary == identity["binary"],
            )
        )
        if service is None:
            service = Service(uuid=str(uuid.uuid4()), **identity)
            session.add(service)
        service.version = identity["version"]
        service.topic = identity["topic"]
        service.last_seen_at = now()
        session.flush()
        session.merge(Incarnation(service_id=service.id, **process))
        session.flush()
        others = session.execute(
            sa.select(
                Incarnation.uuid,
                Incarnation.pid,
                Incarnation.pid_started,
                Incarnation.boot_id,
            ).where(
                Incarnation.service_id == service.id,
                Incarnation.uuid != process["uuid"],
            )
        )
        return [dict(row) for row in others.mappings()]


@db.transaction
def bury(incarnations: Sequence[str]) -> None:
    """Forget dead processes; what they were running is queued again."""
    with db.writer() as session:
        rows.execute(
            session,
            sa.update(InstanceAction)
            .where(
                InstanceAction.worker.in_(incarnations),
                InstanceAction.state == "running",
            )
            .values(state="queued", queued_at=_long_ago()),
        )
        rows.execute(
            session,
            sa.delete(Incarnation).where(Incarnation.uuid.in_(incarnations)),
        )


@db.transaction
def report(incarnation: str, running: Sequence[int]) -> bool:
    """A heartbeat. False when the process is not on record.

    One statement for the process, one for its service; more only when the
    process is said to run what it does not know of.
    """
    moment = now()
    names = {
        "incarnation": incarnation,
        "running": running,
        "long_claimed": moment - _CLAIM_GRACE,
        "moment": moment,
    }
    with db.single() as session:
        well = _beat(session, _BEAT_IF_WELL, names)
    if not well:
        with db.writer() as session:
            if not _beat(session, _BEAT, names):
                return False
            session.execute(_REQUEUE, {**names, "long_ago": _long_ago()})
    return True


def _beat(session: orm.Session, beat: Any, names: Mapping[str, Any]) -> bool:
    """Note that a process lives, and its service with it."""
    if not rows.execute(session, beat, names):
        return False
    rows.execute(session, _BEAT_OF_SERVICE, names)
    return True


def _unknown() -> list[Any]:
    """What a process is said to run and does not know of."""
    running: Any = sa.bindparam("running", expanding=True)
    return [
        _ACTION.c.state == "running",
        _ACTION.c.worker == sa.bindparam("incarnation"),
        _ACTION.c.claimed_at < sa.bindparam("long_claimed"),
        _ACTION.c.id.not_in(running),
    ]


# Every daemon runs these each few seconds: made once.
_MOMENT: Any = sa.bindparam("moment")
_BEAT = (
    sa.update(_INCARNATION)
    .where(_INCARNATION.c.uuid == sa.bindparam("incarnation"))
    .values(last_seen_at=_MOMENT)
)
_BEAT_IF_WELL = _BEAT.where(~sa.exists().where(*_unknown()))
_BEAT_OF_SERVICE = (
    sa.update(_SERVICE)
    .where(
        _SERVICE.c.id
        == sa.select(_INCARNATION.c.service_id)
        .where(_INCARNATION.c.uuid == sa.bindparam("incarnation"))
        .scalar_subquery()
    )
    .values(
        last_seen_at=_MOMENT,
        report_count=_SERVICE.c.report_count + 1,
        updated_at=_MOMENT,
    )
)
_REQUEUE = (
    sa.update(_ACTION)
    .where(*_unknown())
    .values(state="queued", queued_at=sa.bindparam("long_ago"))
)


def _long_ago() -> datetime.datetime:
    """A queued_at that makes the sweep send the row at once."""
    return now() - datetime.timedelta(hours=1)


def known(session: orm.Session) -> tuple[set[str], set[str]]:
    """Incarnations not buried, and hosts with a compute not forced down."""
    hosts = session.scalars(
        sa.select(Service.host).where(
            Service.binary == "nova-lite-compute",
            Service.forced_down.is_(False),
        )
    )
    return set(session.scalars(sa.select(Incarnation.uuid))), set(hosts)


def alive(
    session: orm.Session, down_time_s: float
) -> tuple[set[str], set[str]]:
    """Living incarnations, and the hosts whose compute service is up."""
    since = now() - datetime.timedelta(seconds=down_time_s)
    processes = session.scalars(
        sa.select(Incarnation.uuid).where(Incarnation.last_seen_at >= since)
    )
    hosts = session.scalars(
        sa.select(Service.host).where(
            Service.binary == "nova-lite-compute",
            Service.last_seen_at >= since,
            Service.forced_down.is_(False),
        )
    )
    return set(processes), set(hosts)


def zones(session: orm.Session) -> set[str]:
    """Availability zones that have a compute service which is enabled."""
    return set(
        session.scalars(
            sa.select(Service.availability_zone)
            .where(
                Service.binary == "nova-lite-compute",
                Service.disabled.is_(False),
            )
            .distinct()
        )
    )
