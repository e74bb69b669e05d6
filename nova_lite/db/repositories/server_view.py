# SPDX-License-Identifier: Apache-2.0
"""One server with what is shown beside it, in one statement.

Called by GET /servers/{server_id}, which clients ask again and again; the
statement of each form is made once in a process.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.instance import Instance, InstanceTag
from nova_lite.db.models.service import Service
from nova_lite.db.repositories import service_query

Row = dict[str, Any]

_INSTANCE = Instance.__table__
_SERVICE = Service.__table__
_TAG = InstanceTag.__table__

# What says in which state a host is; under these names in the row.
_OF_HOST = {
    f"compute_{name}": _SERVICE.c[name]
    for name in ("host", "forced_down", "disabled", "last_seen_at")
}


@dataclass(frozen=True, slots=True)
class Beside:
    """Whether a server has tags, and its host's service, if there is one."""

    tagged: bool
    services: list[Row]


def get(
    session: orm.Session,
    uuid: str,
    columns: Collection[str],
    project_id: str | None = None,
) -> tuple[Row, Beside] | None:
    """A server that is there, and what stands beside it; else None.

    With a ``project_id`` only one of that project.
    """
    asked = {"uuid": uuid}
    if project_id is not None:
        asked["project_id"] = project_id
    statement = _statement(frozenset(columns), project_id is not None)
    found = session.execute(statement, asked).mappings().first()
    if found is None:
        return None
    row = dict(found)
    tagged = bool(row.pop("tagged"))
    service = {column.name: row.pop(name) for name, column in _OF_HOST.items()}
    known = service["host"] is not None
    return row, Beside(tagged, [service] if known else [])


@functools.cache
def _statement(columns: frozenset[str], of_project: bool) -> Any:
    compute = sa.and_(
        _SERVICE.c.host == _INSTANCE.c.host,
        _SERVICE.c.binary == service_query.COMPUTE,
    )
    tags = sa.exists().where(_TAG.c.instance_uuid == _INSTANCE.c.uuid)
    where = [
        _INSTANCE.c.uuid == sa.bindparam("uuid"),
        _INSTANCE.c.deleted == 0,
    ]
    if of_project:
        where.append(_INSTANCE.c.project_id == sa.bindparam("project_id"))
    return (
        sa.select(
            *(_INSTANCE.c[name] for name in sorted(columns)),
            *(column.label(name) for name, column in _OF_HOST.items()),
            tags.label("tagged"),
        )
        .select_from(_INSTANCE)
        .outerjoin(_SERVICE, compute)
        .where(*where)
    )
