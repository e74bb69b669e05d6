# SPDX-License-Identifier: Apache-2.0
"""What a resize or cold migration holds, from its beginning to its end.

While it is not confirmed the migration holds what the server had, by its own
uuid, and the server holds what its new flavor needs. Called by conductor's
task, by the objects of a compute, and by compute.API.
"""

from __future__ import annotations

import datetime
import uuid as uuidlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.compute import transitions, vm_states
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.instance import Instance, InstanceFault
from nova_lite.db.models.instance_action import InstanceAction
from nova_lite.db.models.migration import Migration
from nova_lite.db.models.provider import Allocation
from nova_lite.db.repositories import journal, provider, rows

Row = dict[str, Any]

KINDS = ("resize", "migration")
FINISHED = "finished"
CONFIRMING = "confirming"
CONFIRMED = "confirmed"
REVERTING = "reverting"
REVERTED = "reverted"
ERROR = "error"
_ENDED = (CONFIRMED, REVERTED, ERROR)
_NOTHING_DONE = "pre-migrating"

# The system metadata that says what a resized server goes back to.
OLD_VM_STATE = "old_vm_state"
# While a server is moved on its own host only one of its guests runs; both
# have their disks.
_ONE_AT_A_TIME = frozenset({"VCPU", "MEMORY_MB"})


@db.transaction
def begin(
    action: Mapping[str, Any],
    worker: str,
    instance: Mapping[str, Any],
    migration: Mapping[str, Any],
    needs: Mapping[str, int],
    event: Mapping[str, Any],
) -> str | None:
    """Claim for the new flavor, write the migration, send it to its host.

    All of it on the host where the server is, in one transaction. Returns
    what the host lacks, or None. Raises: InstanceInvalidState when a delete
    or another worker came first: then nothing is written.
    """
    server = instance["uuid"]
    held = provider.allocations([server]).get(server, {})
    if len(held) != 1:
        return "the server holds nothing of its host"
    (provider_id,) = held
    with db.writer() as session:
        # Locks the provider, so that nobody claims while this one counts.
        provider.bump(session, provider_id)
        old = _held(session, server)
        lack = _shortage(
            provider.stock(session, provider_id), old, dict(needs)
        )
        if lack is not None:
            return lack
        _end_left(session, server)
        made = Migration(uuid=str(uuidlib.uuid4()), **migration)
        session.add(made)
        session.flush()
        _hand(session, server, made.uuid)
        _hold(session, server, provider_id, needs)
        remembered = {
            **instance["system_metadata"],
            OLD_VM_STATE: instance["vm_state"],
        }
        if not _change(
            session,
            action["id"],
            worker,
            server,
            {"system_metadata": remembered},
        ):
            raise exception.InstanceInvalidState(
                method=action["action"],
                instance_uuid=server,
                attr="task_state",
                state="deleting",
            )
        _send(session, action, instance["host"], made.uuid)
        journal.add_event(session, action["id"], event)
    return None


@db.transaction
def refuse(
    action: Mapping[str, Any],
    worker: str,
    instance: Mapping[str, Any],
    migration: Mapping[str, Any],
    event: Mapping[str, Any],
    fault: Mapping[str, Any],
) -> bool:
    """End what no host will take: the server is as it was."""
    with db.writer() as session:
        if not _change(
            session,
            action["id"],
            worker,
            instance["uuid"],
            {"task_state": None},
        ):
            return False
        session.add(
            Migration(
                uuid=str(uuidlib.uuid4()), **{**migration, "status": ERROR}
            )
        )
        session.execute(
            sa.insert(InstanceFault),
            {"instance_uuid": instance["uuid"], **fault},
        )
        journal.end(session, action["id"], worker, journal.ERROR, "Error")
        journal.add_event(session, action["id"], event)
    return True


@db.transaction
def let_go(migration_uuid: str) -> None:
    """It is confirmed: what the server had is free."""
    with db.writer() as session:
        provider.free_consumers(session, [migration_uuid])
        _set_status(session, migration_uuid, CONFIRMED)


@db.transaction
def give_back(migration_uuid: str, server: str, status: str) -> None:
    """It is undone: the server has again what it had.

    May be repeated. A server that is deleted meanwhile gets nothing.
    """
    with db.writer() as session:
        if _held(session, migration_uuid):
            provider.free_consumers(session, [server])
            _hand(session, migration_uuid, server)
        _set_status(session, migration_uuid, status)


def mark(
    session: orm.Session, migration_uuid: str, server: str, status: str
) -> None:
    """Bring a finished migration a step further.

    Raises: InstanceNotResized when it is not finished any more.
    """
    marked = rows.execute(
        session,
        sa.update(Migration)
        .where(Migration.uuid == migration_uuid, Migration.status == FINISHED)
        .values(status=status),
    )
    if not marked:
        raise exception.InstanceNotResized(instance_id=server)


def finished(session: orm.Session, server: str) -> Row:
    """The migration that waits to be confirmed.

    Raises: InstanceNotResized.
    """
    found = session.execute(
        sa.select(Migration.__table__)
        .where(
            Migration.instance_uuid == server,
            Migration.status == FINISHED,
            Migration.migration_type.in_(KINDS),
        )
        .order_by(Migration.id.desc())
    )
    row = found.mappings().first()
    if row is None:
        raise exception.InstanceNotResized(instance_id=server)
    return dict(row)


@db.transaction
def unended(server: str) -> Row | None:
    """The resize of a server that has come to no end yet, or None."""
    with db.reader() as session:
        found = session.execute(
            sa.select(Migration.__table__).where(*_open(server))
        )
        row = found.mappings().first()
    return None if row is None else dict(row)


def abandon(session: orm.Session, server: str) -> bool:
    """Nobody goes on with it; whether the guest had been touched.

    What it holds is freed with the next resize, or with the server.
    """
    found = session.execute(
        sa.select(Migration.uuid, Migration.status).where(*_open(server))
    ).all()
    for row in found:
        _set_status(session, row.uuid, ERROR)
    return any(row.status != _NOTHING_DONE for row in found)


def _open(server: str) -> list[Any]:
    return [
        Migration.instance_uuid == server,
        Migration.migration_type.in_(KINDS),
        Migration.status.not_in(_ENDED),
    ]


@db.transaction
def confirm_overdue(
    context: RequestContext, host: str, older_than_s: int
) -> list[list[Any]]:
    """Begin to confirm what has waited for so long.

    [action id, server's uuid] of each, for the host to run.
    """
    before = now() - datetime.timedelta(seconds=older_than_s)
    begun = []
    with db.writer() as session:
        found = session.execute(
            sa.select(Migration.uuid, Instance)
            .join(Instance, Instance.uuid == Migration.instance_uuid)
            .where(
                Migration.dest_compute == host,
                Migration.status == FINISHED,
                Migration.migration_type.in_(KINDS),
                Migration.updated_at <= before,
                Instance.host == host,
                Instance.deleted == 0,
                Instance.vm_state == vm_states.RESIZED,
                Instance.task_state.is_(None),
            )
        ).all()
        for migration_uuid, server in found:
            row = rows.as_dict(server)
            if not _begin_confirm(session, row):
                continue
            _set_status(session, migration_uuid, CONFIRMING)
            queued = journal.queue(
                session, _confirmation(context, row, migration_uuid)
            )
            begun.append([queued, row["uuid"]])
    return begun


def end_of_server(session: orm.Session, server: str) -> None:
    """A server is gone: whatever its migrations hold goes with it."""
    _end_left(session, server)


def arguments(row: Mapping[str, Any], migration_uuid: str) -> Row:
    """What the end of a resize has to know, as its action keeps it."""
    return {
        "migration": migration_uuid,
        OLD_VM_STATE: row["system_metadata"].get(
            OLD_VM_STATE, vm_states.ACTIVE
        ),
    }


def forgotten(row: Mapping[str, Any]) -> Row:
    """The server's system metadata without what a resize has put there."""
    return {
        name: value
        for name, value in row["system_metadata"].items()
        if name != OLD_VM_STATE
    }


def _send(
    session: orm.Session,
    action: Mapping[str, Any],
    host: str,
    migration_uuid: str,
) -> None:
    """Queue the action for its host."""
    rows.execute(
        session,
        sa.update(InstanceAction)
        .where(InstanceAction.id == action["id"])
        .values(
            state=journal.QUEUED,
            target_host=host,
            arguments={**action["arguments"], "migration": migration_uuid},
            queued_at=now(),
            attempt=0,
        ),
    )


def _confirmation(
    context: RequestContext, row: Row, migration_uuid: str
) -> Row:
    """The action that nobody asked for but the clock."""
    wanted = transitions.CONFIRM_RESIZE
    made = journal.action_row(
        context,
        row["uuid"],
        wanted.action,
        wanted.name,
        row["host"],
        arguments(row, migration_uuid),
    )
    return {**made, "project_id": row["project_id"]}


def _begin_confirm(session: orm.Session, row: Row) -> bool:
    return bool(
        rows.execute(
            session,
            sa.update(Instance)
            .where(
                Instance.uuid == row["uuid"],
                Instance.deleted == 0,
                Instance.vm_state == vm_states.RESIZED,
                Instance.task_state.is_(None),
            )
            .values(
                task_state=transitions.CONFIRM_RESIZE.during,
                system_metadata=forgotten(row),
            ),
        )
    )


def _shortage(
    stock: provider.Stock, old: Mapping[str, int], needs: Mapping[str, int]
) -> str | None:
    """Which resource the host lacks, in figures; None when it has room."""
    for name, amount in needs.items():
        mine = old.get(name, 0)
        total = max(mine, amount) if name in _ONE_AT_A_TIME else mine + amount
        most = stock.capacity.get(name, 0)
        room = most - (stock.used.get(name, 0) - mine)
        if total > room:
            return (
                f"not enough {name}: needs {total}, {max(room, 0)} free of "
                f"{most}"
            )
    return None


def _held(session: orm.Session, consumer: str) -> dict[str, int]:
    found = session.execute(
        sa.select(Allocation.resource_class, Allocation.used).where(
            Allocation.consumer_uuid == consumer
        )
    )
    return {row.resource_class: row.used for row in found}


def _hand(session: orm.Session, consumer: str, other: str) -> None:
    """Let another consumer have all that one holds."""
    rows.execute(
        session,
        sa.update(Allocation)
        .where(Allocation.consumer_uuid == consumer)
        .values(consumer_uuid=other),
    )


def _hold(
    session: orm.Session,
    consumer: str,
    provider_id: int,
    needs: Mapping[str, int],
) -> None:
    held = [
        {
            "consumer_uuid": consumer,
            "provider_id": provider_id,
            "resource_class": name,
            "used": used,
            "created_at": now(),
        }
        for name, used in needs.items()
        if used
    ]
    if held:
        session.execute(sa.insert(Allocation), held)


def _end_left(session: orm.Session, server: str) -> None:
    """Free what the server's migrations hold; end those that are open."""
    found = session.execute(
        sa.select(Migration.uuid, Migration.status).where(
            Migration.instance_uuid == server,
            Migration.migration_type.in_(KINDS),
        )
    ).all()
    if found:
        provider.free_consumers(session, [row.uuid for row in found])
    for uuid, status in found:
        if status not in _ENDED:
            was_moved = status in (FINISHED, CONFIRMING)
            _set_status(session, uuid, CONFIRMED if was_moved else ERROR)


def _set_status(
    session: orm.Session, migration_uuid: str, status: str
) -> None:
    rows.execute(
        session,
        sa.update(Migration)
        .where(Migration.uuid == migration_uuid)
        .values(status=status),
    )


def _change(
    session: orm.Session,
    action_id: int,
    worker: str,
    server: str,
    values: Mapping[str, Any],
) -> bool:
    """Update a server for the action that this worker holds."""
    mine = sa.select(InstanceAction.id).where(journal.held(action_id, worker))
    return bool(
        rows.execute(
            session,
            sa.update(Instance)
            .where(journal.not_deleting(server), mine.exists())
            .values(**values),
        )
    )
