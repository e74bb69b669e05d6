# SPDX-License-Identifier: Apache-2.0
"""Servers, their faults and their actions as the API reads them.

Called by the API's controllers with a session; rows are dicts of the
columns of ``models.instance``. A list is one statement, and its pages are
cut by the values of the marker's row, so page 1000 costs what page 1 does.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.compute import vm_states
from nova_lite.compute.request import InstanceQuery
from nova_lite.db.models.instance import Instance, InstanceFault
from nova_lite.db.repositories import rows, tag

_TABLE = Instance.__table__
_FAULT = InstanceFault.__table__

# Documents and texts that no filter or sort touches.
_OPAQUE = frozenset(
    {
        "flavor",
        "image_meta",
        "instance_metadata",
        "system_metadata",
        "request_spec",
        "network_info",
        "key_data",
        "user_data",
        "sealed",
    }
)
# "^name$" with nothing in it that means more than itself.
_LITERAL = re.compile(r"\^([\w \-:@]+)\$")
COLUMNS = frozenset(c.name for c in _TABLE.columns) - _OPAQUE


def get(
    session: orm.Session,
    uuid: str,
    *,
    project_id: str | None = None,
    deleted: bool | None = False,
) -> dict[str, Any] | None:
    """A server's row, or None.

    With a ``project_id`` only one of that project. ``deleted`` False: only
    those that are there, True: only those gone, None: both.
    """
    asked = {"uuid": uuid}
    if project_id is not None:
        asked["project_id"] = project_id
    statement = _by_uuid(project_id is not None, deleted)
    row = session.execute(statement, asked).mappings().first()
    return None if row is None else dict(row)


@functools.cache
def _by_uuid(of_project: bool, deleted: bool | None) -> sa.Select[Any]:
    """Nearly every request runs one of these: each is made once."""
    where = [_TABLE.c.uuid == sa.bindparam("uuid")]
    if of_project:
        where.append(_TABLE.c.project_id == sa.bindparam("project_id"))
    if deleted is not None:
        where.append(_deleted(deleted))
    return sa.select(_TABLE).where(*where)


def _deleted(deleted: bool) -> Any:
    return _TABLE.c.deleted != 0 if deleted else _TABLE.c.deleted == 0


def _shown(deleted: bool, soft_deleted: bool | None) -> Any:
    """As ``_deleted``; soft-deleted servers belong to those gone.

    ``soft_deleted`` leaves them out there, or shows them with the others.
    """
    soft = _TABLE.c.vm_state == vm_states.SOFT_DELETED
    if deleted:
        gone = _deleted(True)
        return gone if soft_deleted is False else gone | soft
    if soft_deleted:
        return _deleted(False)
    # Written so that no database reads the index of states for it: nearly
    # all servers pass, and come in their order from another.
    state = sa.func.coalesce(_TABLE.c.vm_state, "")
    return _deleted(False) & (state != vm_states.SOFT_DELETED)


def list_(
    session: orm.Session,
    query: InstanceQuery,
    columns: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """One page of servers; ``columns`` None gives whole rows.

    Raises: MarkerNotFound, InvalidSortKey; InvalidInput for a regular
    expression that the database does not take.
    """
    if query.addresses:
        query = _by_addresses(session, query)
    shown = [_TABLE.c[name] for name in columns] if columns else [_TABLE]
    statement = sa.select(*shown).where(*_conditions(session, query))
    order = _order(query.sort)
    if query.marker is not None:
        statement = statement.where(_behind(session, query, order))
        statement = _reading_from_marker(statement, query, order)
    for column, ascending in order:
        for part in _null_last(column, ascending):
            statement = statement.order_by(part)
    if query.limit is not None:
        statement = statement.limit(query.limit)
    try:
        found = session.execute(statement).mappings().all()
    except (db_exc.DBError, sa.exc.DatabaseError) as error:
        if not query.regexes or isinstance(error, db_exc.DBConnectionError):
            raise
        patterns = ", ".join(repr(p) for p in query.regexes.values())
        raise exception.InvalidInput(
            reason=f"the database refuses a filter of {patterns}"
        ) from error
    return [dict(row) for row in found]


def _by_addresses(session: orm.Session, query: InstanceQuery) -> InstanceQuery:
    """The same query by the uuids of the servers with such addresses.

    Those stand in documents: they are read in the list's order, compared
    here, and cut to the page.
    """
    every = replace(query, addresses={}, limit=None, marker=None)
    found = list_(session, every, ("uuid", "network_info"))
    patterns = {
        version: re.compile(pattern)
        for version, pattern in query.addresses.items()
    }
    uuids = [
        row["uuid"]
        for row in found
        if any(
            version in patterns and patterns[version].match(address)
            for address, version in _addresses(row)
        )
    ]
    if query.marker in uuids:
        uuids = uuids[uuids.index(query.marker) + 1 :]
        uuids = uuids[: query.limit]
    elif query.marker is None:
        uuids = uuids[: query.limit]
    filters = {**query.filters, "uuid": uuids}
    return replace(query, addresses={}, filters=filters)


def _addresses(row: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The fixed addresses of a server, and their versions."""
    for vif in row["network_info"] or ():
        for ip in vif["fixed_ips"]:
            yield ip["address"], 6 if ":" in ip["address"] else 4


def _conditions(session: orm.Session, query: InstanceQuery) -> list[Any]:
    where: list[Any] = []
    if query.deleted is not None:
        where.append(_shown(query.deleted, query.soft_deleted))
    if query.project_id is not None:
        where.append(_TABLE.c.project_id == query.project_id)
    for name, value in query.filters.items():
        where.append(_equal(name, value))
    for name, pattern in query.regexes.items():
        where.append(_matches(_TABLE.c[name], pattern))
    if query.tags:
        where.append(tag.having(_TABLE.c.uuid, query.tags))
    # Servers that never changed since they were made have no updated_at.
    made, changed = _TABLE.c.created_at, _TABLE.c.updated_at
    if query.changes_since is not None:
        since = query.changes_since
        # Two ranges of two indexes; a change is never before the making.
        where.append((changed >= since) | (made >= since))
    if query.changes_before is not None:
        before = query.changes_before
        where.append(
            sa.func.coalesce(changed, made, type_=made.type) <= before
        )
    return where


def _matches(column: Any, pattern: str) -> Any:
    """Whether a pattern is found; a whole literal name is looked up."""
    literal = _LITERAL.fullmatch(pattern)
    return column == literal[1] if literal else column.regexp_match(pattern)


def _equal(name: str, value: Any) -> Any:
    if name == "flavor_id":
        return _in_flavor(value)
    column = _TABLE.c[name]
    if isinstance(value, list | tuple | set | frozenset):
        values = [v for v in value if v is not None]
        found = column == values[0] if len(values) == 1 else column.in_(values)
        return found if len(values) == len(value) else found | column.is_(None)
    return column.is_(None) if value is None else column == value


def _in_flavor(value: Any) -> Any:
    """Whether the JSON document of the flavor has this flavorid."""
    text = sa.type_coerce(_TABLE.c.flavor, sa.Text())
    pair = f'"flavorid": {json.dumps(value)}'
    return text.contains(pair, autoescape=True)


def _order(sort: Sequence[tuple[str, str]]) -> list[tuple[Any, bool]]:
    """(column, ascending) pairs that end in a unique one."""
    order = []
    names = []
    for name, direction in sort:
        if name not in COLUMNS:
            raise exception.InvalidSortKey(
                key=name, allowed=", ".join(sorted(COLUMNS))
            )
        if name not in names:
            names.append(name)
            order.append((_TABLE.c[name], direction == "asc"))
    if "id" not in names:
        order.append((_TABLE.c.id, bool(order and order[-1][1])))
    return order


def _null_last(column: Any, ascending: bool) -> list[Any]:
    """The ORDER BY of one column; rows without a value come last.

    The servers disagree on where nulls belong, so each gets it said.
    """
    direction = column.asc() if ascending else column.desc()
    if not column.nullable:
        return [direction]
    return [sa.case((column.is_(None), 1), else_=0), direction]


def _behind(
    session: orm.Session,
    query: InstanceQuery,
    order: Sequence[tuple[Any, bool]],
) -> Any:
    """What the rows after the marker's row fulfil."""
    where = [_TABLE.c.uuid == query.marker]
    if query.project_id is not None:
        where.append(_TABLE.c.project_id == query.project_id)
    row = session.execute(
        sa.select(*(column for column, _ in order)).where(*where)
    ).first()
    if row is None:
        raise exception.MarkerNotFound(f"marker [{query.marker}] not found")
    alternatives = []
    same: list[Any] = []
    for (column, ascending), value in zip(order, row, strict=True):
        later = _later(column, ascending, value)
        if later is not None:
            alternatives.append(sa.and_(*same, later))
        same.append(column.is_(None) if value is None else column == value)
    (first, ascending), value = order[0], row[0]
    return sa.and_(_from(first, ascending, value), sa.or_(*alternatives))


def _reading_from_marker(
    statement: sa.Select[Any],
    query: InstanceQuery,
    order: Sequence[tuple[Any, bool]],
) -> sa.Select[Any]:
    """Name the index that is in the list's order.

    MariaDB would read a long list from its beginning to the marker.
    """
    names = ["deleted"] if query.deleted is False else []
    names += [] if query.project_id is None else ["project_id"]
    names += [column.name for column, _ in order]
    table = Instance.metadata.tables[Instance.__tablename__]
    for index in table.indexes:
        if [column.name for column in index.columns] == names:
            hint = f"FORCE INDEX FOR ORDER BY ({index.name})"
            return statement.with_hint(_TABLE, hint, "mysql")
    return statement


def _from(column: Any, ascending: bool, value: Any) -> Any:
    """Where an index can begin to read: no database sees it in the OR."""
    if value is None or column.nullable:
        return sa.true()
    edge = _edge(column, value)
    return column >= edge if ascending else column <= edge


def _edge(column: Any, value: Any) -> Any:
    # A literal, since SQLAlchemy does not order by a bare True.
    return sa.literal(value, column.type)


def _later(column: Any, ascending: bool, value: Any) -> Any | None:
    if value is None:
        return None  # nothing comes after rows without a value
    edge = _edge(column, value)
    later = column > edge if ascending else column < edge
    return later | column.is_(None) if column.nullable else later


def lock(session: orm.Session, uuid: str) -> dict[str, Any]:
    """The row of a server that is there, held until the transaction ends.

    Raises: InstanceNotFound.
    """
    where = (_TABLE.c.uuid == uuid, _TABLE.c.deleted == 0)
    statement = sa.select(_TABLE).where(*where).with_for_update()
    row = session.execute(statement).mappings().first()
    if row is None:
        raise exception.InstanceNotFound(instance_id=uuid)
    return dict(row)


def write(session: orm.Session, uuid: str, values: Mapping[str, Any]) -> None:
    """Change columns of a server that is there. Raises: InstanceNotFound."""
    where = (_TABLE.c.uuid == uuid, _TABLE.c.deleted == 0)
    if not rows.execute(
        session, sa.update(Instance).where(*where).values(**values)
    ):
        raise exception.InstanceNotFound(instance_id=uuid)


def update(
    session: orm.Session, uuid: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """As ``write``; returns the row. Raises: InstanceNotFound."""
    write(session, uuid, values)
    row = get(session, uuid)
    assert row is not None
    return row


def faults(
    session: orm.Session, uuids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The latest fault of each server that has one, by uuid."""
    if not uuids:
        return {}
    latest = (
        sa.select(sa.func.max(_FAULT.c.id))
        .where(_FAULT.c.instance_uuid.in_(uuids))
        .group_by(_FAULT.c.instance_uuid)
    )
    found = session.execute(sa.select(_FAULT).where(_FAULT.c.id.in_(latest)))
    return {row["instance_uuid"]: dict(row) for row in found.mappings()}
