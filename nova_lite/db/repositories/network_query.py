# SPDX-License-Identifier: Apache-2.0
"""Finding rows of the embedded network service: one, a page, their tags.

Each of its resources is a ``Table``: what it can be filtered by and who sees
its rows. Every function works in the session it is given.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.network import NetworkTag
from nova_lite.network import errors

# (values of the query, as text) -> condition
Condition = Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. ``sees_all`` is for administrators and services."""

    project_id: str | None
    sees_all: bool = False


ANYBODY = Viewer(None, sees_all=True)

_INT_BOUND = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Table:
    """A resource's table, as lists see it.

    ``columns``: attribute -> column that it can be filtered and sorted by.
    ``conditions``: more filters. ``seen``: project -> condition of the rows
    that it sees. ``missing``: what is raised when there is no such row.
    """

    model: Any
    missing: type[exception.NotFound]
    columns: Mapping[str, Any]
    seen: Callable[[str | None], Any]
    conditions: Mapping[str, Condition] = field(default_factory=dict)

    def filter_names(self) -> set[str]:
        """What a list can be filtered by."""
        return {*self.columns, *self.conditions, *_COMMON_FILTERS}


@dataclass(frozen=True, slots=True)
class Query:
    """What a list asks for.

    ``filters``: name -> values, any of which fits. ``sort``: (attribute,
    "asc" or "desc"). ``reverse``: the page before ``marker``.
    """

    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: Sequence[tuple[str, str]] = ()
    limit: int | None = None
    marker: str | None = None
    reverse: bool = False


def own(model: Any) -> Callable[[str | None], Any]:
    """The usual ``seen``: a project sees its own rows."""
    return lambda project_id: model.project_id == project_id


def standard_columns(model: Any, *names: str) -> dict[str, Any]:
    """Columns by their own names, and those that every resource has."""
    columns = {name: getattr(model, name) for name in names}
    return columns | {
        "id": model.id,
        "tenant_id": model.project_id,
        "project_id": model.project_id,
        "description": model.description,
        "revision_number": model.revision,
    }


def find(
    session: orm.Session,
    table: Table,
    viewer: Viewer,
    ident: str,
    *,
    for_update: bool = False,
) -> Any | None:
    """One row that the viewer sees, or None."""
    statement = sa.select(table.model).where(
        table.model.id == ident, *_seen(table, viewer)
    )
    if for_update:
        statement = statement.with_for_update(of=table.model)
    return session.scalar(statement)


def get(
    session: orm.Session,
    table: Table,
    viewer: Viewer,
    ident: str,
    *,
    for_update: bool = False,
) -> Any:
    """One row that the viewer sees.

    ``for_update`` makes other writers of it wait for this transaction's end.
    Raises: what the table says.
    """
    found = find(session, table, viewer, ident, for_update=for_update)
    if found is None:
        raise table.missing(id=ident)
    return found


def existing(
    session: orm.Session,
    table: Table,
    viewer: Viewer,
    ids: Collection[str],
) -> set[str]:
    """Which of some ids are of rows that the viewer sees."""
    if not ids:
        return set()
    return set(
        session.scalars(
            sa.select(table.model.id).where(
                table.model.id.in_(ids), *_seen(table, viewer)
            )
        )
    )


def page(
    session: orm.Session, table: Table, viewer: Viewer, query: Query
) -> list[Any]:
    """Rows that the viewer sees and the query asks for, in its order.

    Raises: InvalidInput for a filter's value; as ``get`` for the marker.
    """
    statement = sa.select(table.model).where(
        *_seen(table, viewer), *_matching(table, query.filters)
    )
    keys = _order(table, query)
    if query.marker is not None:
        after = find(session, table, viewer, query.marker)
        if after is None:
            raise table.missing(id=query.marker)
        statement = statement.where(_behind(after, keys))
    for column, descending in keys:
        expression = _sortable(column)
        statement = statement.order_by(
            expression.desc() if descending else expression.asc()
        )
    if query.limit is not None:
        statement = statement.limit(query.limit)
    found = list(session.scalars(statement))
    return found[::-1] if query.reverse else found


def tags(session: orm.Session, ids: Collection[str]) -> dict[str, list[str]]:
    """The tags of resources, in their order."""
    found: dict[str, list[str]] = {ident: [] for ident in ids}
    if not found:
        return found
    for ident, tag in session.execute(
        sa.select(NetworkTag.resource_id, NetworkTag.tag)
        .where(NetworkTag.resource_id.in_(ids))
        .order_by(NetworkTag.tag)
    ):
        found[ident].append(tag)
    return found


def forget_tags(session: orm.Session, ids: Collection[str]) -> None:
    """Remove the tags of resources that go."""
    session.execute(
        sa.delete(NetworkTag).where(NetworkTag.resource_id.in_(ids))
    )


def set_tags(
    session: orm.Session, ident: str, wanted: Collection[str]
) -> None:
    """Make a resource's tags be these."""
    forget_tags(session, [ident])
    if wanted:
        session.execute(
            sa.insert(NetworkTag),
            [
                {"resource_id": ident, "tag": tag}
                for tag in sorted(set(wanted))
            ],
        )


def _seen(table: Table, viewer: Viewer) -> list[Any]:
    return [] if viewer.sees_all else [table.seen(viewer.project_id)]


def _matching(table: Table, filters: Mapping[str, Sequence[str]]) -> list[Any]:
    found = []
    for name, values in filters.items():
        if name in _COMMON_FILTERS:
            found.append(_COMMON_FILTERS[name](table.model, values))
        elif name in table.conditions:
            found.append(table.conditions[name](values))
        else:
            column = table.columns[name]
            found.append(
                column.in_([_value(column, name, one) for one in values])
            )
    return found


def _value(column: Any, name: str, text: str) -> Any:
    """A text of the query as the column's own type."""
    kind = column.type.python_type
    if kind is bool:
        return boolean(name, text)
    if kind is int:
        try:
            # No row has a number that its column cannot hold.
            return max(-_INT_BOUND, min(int(text[:20]), _INT_BOUND))
        except ValueError as error:
            raise errors.InvalidInput(
                reason=f"'{text[:40]}' is not an integer, as {name} is"
            ) from error
    return text


def boolean(name: str, text: str) -> bool:
    """A truth value of a query. Raises: InvalidInput."""
    if text.lower() in ("true", "1", "t", "yes"):
        return True
    if text.lower() in ("false", "0", "f", "no"):
        return False
    raise errors.InvalidInput(
        reason=f"'{text[:40]}' cannot be converted to boolean, as {name} is"
    )


def _order(table: Table, query: Query) -> list[tuple[Any, bool]]:
    """(column, whether it descends), most significant first."""
    keys = [
        (table.columns[name], (direction == "desc") != query.reverse)
        for name, direction in query.sort
    ]
    if not keys:
        keys.append((table.model.created_at, query.reverse))
    if not any(column is table.columns["id"] for column, _ in keys):
        keys.append((table.columns["id"], query.reverse))
    return keys


def _sortable(column: Any) -> Any:
    """A column in an order: truth values and NULL have their place in it."""
    if column.type.python_type is bool:
        return sa.case((column, 1), else_=0)
    if column.property.columns[0].nullable:
        return sa.func.coalesce(column, _null(column))
    return column


def _null(column: Any) -> Any:
    """What stands for NULL in an order, before all else."""
    return -1 if column.type.python_type is int else ""


def _behind(after: Any, keys: Sequence[tuple[Any, bool]]) -> Any:
    """The condition of coming after a row in the order of ``keys``."""
    clauses = []
    equal: list[Any] = []
    for column, descending in keys:
        expression = _sortable(column)
        value = getattr(after, column.key)
        value = _null(column) if value is None else value
        value = int(value) if isinstance(value, bool) else value
        beyond = expression < value if descending else expression > value
        clauses.append(sa.and_(*equal, beyond))
        equal.append(expression == value)
    return sa.or_(*clauses)


def _tagged(values: Sequence[str]) -> list[str]:
    return [tag for value in values for tag in value.split(",") if tag]


def _having(tag: str) -> Any:
    return sa.select(NetworkTag.resource_id).where(NetworkTag.tag == tag)


def _all_of(model: Any, values: Sequence[str]) -> Any:
    return sa.and_(
        sa.true(), *(model.id.in_(_having(tag)) for tag in _tagged(values))
    )


def _any_of(model: Any, values: Sequence[str]) -> Any:
    return model.id.in_(
        sa.select(NetworkTag.resource_id).where(
            NetworkTag.tag.in_(_tagged(values))
        )
    )


def _changed_since(model: Any, values: Sequence[str]) -> Any:
    changed_at = sa.func.coalesce(model.updated_at, model.created_at)
    return sa.and_(*(changed_at >= _moment(one) for one in values))


def _moment(text: str) -> datetime.datetime:
    """A time of a query, UTC where it does not say. Raises: InvalidInput."""
    try:
        found = datetime.datetime.fromisoformat(text)
        if found.tzinfo is None:
            return found.replace(tzinfo=datetime.UTC)
        return found.astimezone(datetime.UTC)
    except (ValueError, OverflowError) as error:
        raise errors.InvalidInput(
            reason=f"'{text[:40]}' is not a time, as changed_since is"
        ) from error


# What every resource can be filtered by.
_COMMON_FILTERS: Mapping[str, Callable[[Any, Sequence[str]], Any]] = {
    "tags": _all_of,
    "tags-any": _any_of,
    "not-tags": lambda model, values: sa.not_(_all_of(model, values)),
    "not-tags-any": lambda model, values: sa.not_(_any_of(model, values)),
    "changed_since": _changed_since,
}
