# SPDX-License-Identifier: Apache-2.0
"""Servers: what the daemons read and write outside the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db import session as db
from nova_lite.db.models.instance import Instance
from nova_lite.db.repositories import rows


def create(session: orm.Session, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert servers in one statement."""
    session.execute(sa.insert(Instance), list(values))


def change(
    session: orm.Session, seen: Mapping[str, Any], values: Mapping[str, Any]
) -> bool:
    """Change a server whose states and host are still as they were seen.

    No values: only say whether they are.
    """
    still = [
        Instance.uuid == seen["uuid"],
        Instance.deleted == 0,
        *(
            getattr(Instance, name).is_(None)
            if seen[name] is None
            else getattr(Instance, name) == seen[name]
            for name in ("vm_state", "task_state", "host")
        ),
    ]
    if not values:
        found = session.scalar(sa.select(Instance.id).where(*still))
        return found is not None
    return bool(
        rows.execute(
            session, sa.update(Instance).where(*still).values(**values)
        )
    )


def by_uuids(
    session: orm.Session, uuids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Servers by uuid; those that are unknown are absent."""
    found = session.scalars(
        sa.select(Instance).where(Instance.uuid.in_(uuids))
    )
    return {row.uuid: rows.as_dict(row) for row in found}


@db.transaction
def get(uuid: str) -> dict[str, Any]:
    """A server, also a deleted one. Raises: InstanceNotFound."""
    with db.reader() as session:
        found = by_uuids(session, [uuid])
    if not found:
        raise exception.InstanceNotFound(instance_id=uuid)
    return found[uuid]


@db.transaction
def set_network_info(uuid: str, host: str | None, info: list[Any]) -> bool:
    """Write what is known of a server's interfaces, if it is there yet."""
    here = Instance.host.is_(None) if host is None else Instance.host == host
    with db.writer() as session:
        return bool(
            rows.execute(
                session,
                sa.update(Instance)
                .where(Instance.uuid == uuid, Instance.deleted == 0, here)
                .values(network_info=info),
            )
        )


def expect_ports(session: orm.Session, uuid: str) -> None:
    """Say of a server without interfaces that it may have some soon.

    Whoever deletes it looks for them then. What others have written of its
    interfaces meanwhile stays.
    """
    rows.execute(
        session,
        sa.update(Instance)
        .where(
            Instance.uuid == uuid,
            Instance.network_info == sa.literal("[]", sa.Text),
        )
        .values(network_info=None),
    )


@db.transaction
def on_host(host: str) -> list[dict[str, Any]]:
    """uuid and states of the servers on a host.

    ``networked``: it has interfaces.
    """
    with db.reader() as session:
        found = session.execute(
            sa.select(
                Instance.uuid,
                Instance.vm_state,
                Instance.task_state,
                Instance.power_state,
                Instance.vcpus,
                Instance.memory_mb,
                Instance.root_gb,
                Instance.ephemeral_gb,
                sa.and_(
                    Instance.network_info.is_not(None),
                    Instance.network_info != sa.literal("[]", sa.Text),
                ).label("networked"),
            ).where(Instance.host == host, Instance.deleted == 0)
        )
        return [dict(row) for row in found.mappings()]


@db.transaction
def owners(uuids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Where the database has servers, also those that are deleted."""
    with db.reader() as session:
        found = session.execute(
            sa.select(
                Instance.uuid,
                Instance.host,
                Instance.deleted,
                Instance.vm_state,
                Instance.task_state,
            ).where(Instance.uuid.in_(uuids))
        )
        return {row["uuid"]: dict(row) for row in found.mappings()}
