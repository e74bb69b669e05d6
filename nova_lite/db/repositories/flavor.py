# SPDX-License-Identifier: Apache-2.0
"""Flavors in the database: rows as dicts, one function a statement or two.

Called by the API's controllers, by compute.API and by nova-lite-manage, with
a session of ``nova_lite.db.session``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.flavor import Flavor, FlavorProject
from nova_lite.db.repositories import rows

_TABLE = Flavor.__table__
_ACCESS = FlavorProject.__table__
COLUMNS = tuple(c.name for c in _TABLE.columns)

# What the API calls a column by which it sorts.
SORT_KEYS: Mapping[str, str] = {
    name: name
    for name in (
        "created_at",
        "disabled",
        "ephemeral_gb",
        "flavorid",
        "id",
        "is_public",
        "memory_mb",
        "name",
        "root_gb",
        "rxtx_factor",
        "updated_at",
        "vcpus",
    )
} | {"description": "name", "swap": "swap_mb", "vcpu_weight": "id"}


@dataclass(frozen=True, slots=True)
class FlavorQuery:
    """Which flavors, in what order, how many.

    ``project_id`` None sees private flavors of all projects.
    """

    project_id: str | None = None
    is_public: bool | None = None
    disabled: bool | None = None
    min_memory_mb: int = 0
    min_root_gb: int = 0
    sort_key: str = "flavorid"
    sort_dir: str = "asc"
    limit: int | None = None
    marker: str | None = None


def get(
    session: orm.Session, flavorid: str, project_id: str | None = None
) -> dict[str, Any]:
    """The flavor with the id that users see.

    With a ``project_id``, a private flavor is there only for the projects
    that have access. Raises: FlavorNotFound.
    """
    where = [_TABLE.c.flavorid == flavorid]
    if project_id is not None:
        where.append(_visible(project_id))
    row = session.execute(sa.select(_TABLE).where(*where)).mappings().first()
    if row is None:
        raise exception.FlavorNotFound(flavor_id=flavorid)
    return dict(row)


def _visible(project_id: Any) -> Any:
    return _TABLE.c.is_public.is_(True) | sa.exists().where(
        _ACCESS.c.flavor_id == _TABLE.c.id,
        _ACCESS.c.project_id == project_id,
    )


def list_(
    session: orm.Session,
    query: FlavorQuery,
    columns: Sequence[str] = COLUMNS,
) -> list[dict[str, Any]]:
    """One page of flavors, with these columns. Raises: MarkerNotFound."""
    statement = _list(
        (*columns, "flavorid"),
        query.project_id is not None,
        query.is_public,
        query.disabled,
        (query.sort_key, query.sort_dir),
    )
    asked: dict[str, Any] = {
        "min_memory_mb": query.min_memory_mb,
        "min_root_gb": query.min_root_gb,
    }
    if query.project_id is not None:
        asked["project_id"] = query.project_id
    found = list(session.execute(statement, asked).mappings())
    if query.marker is not None:
        # Flavors are few: the place of the marker is found in the rows.
        places = [r["flavorid"] for r in found]
        if query.marker not in places:
            raise exception.MarkerNotFound(marker=query.marker)
        found = found[places.index(query.marker) + 1 :]
    if query.limit is not None:
        found = found[: query.limit]
    return [dict(row) for row in found]


@functools.cache
def _list(
    columns: tuple[str, ...],
    of_project: bool,
    is_public: bool | None,
    disabled: bool | None,
    sort: tuple[str, str],
) -> sa.Select[Any]:
    """The statement of one form of list, of which there are few."""
    statement = sa.select(*(_TABLE.c[name] for name in dict.fromkeys(columns)))
    if of_project:
        statement = statement.where(_visible(sa.bindparam("project_id")))
    if is_public is not None:
        statement = statement.where(_TABLE.c.is_public.is_(is_public))
    if disabled is not None:
        statement = statement.where(_TABLE.c.disabled.is_(disabled))
    statement = statement.where(
        _TABLE.c.memory_mb >= sa.bindparam("min_memory_mb"),
        _TABLE.c.root_gb >= sa.bindparam("min_root_gb"),
    )
    key, direction = sort
    for name in dict.fromkeys((SORT_KEYS[key], "flavorid", "id")):
        column: Any = _TABLE.c[name]
        if direction == "desc":
            column = column.desc()
        statement = statement.order_by(column)
    return statement


def create(session: orm.Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new flavor. Raises: FlavorExists, FlavorIdExists."""
    found = (
        session.execute(
            sa.select(_TABLE.c.name).where(
                (_TABLE.c.name == values["name"])
                | (_TABLE.c.flavorid == values["flavorid"])
            )
        )
        .scalars()
        .all()
    )
    if values["name"] in found:
        raise exception.FlavorExists(name=values["name"])
    if found:
        raise exception.FlavorIdExists(flavor_id=values["flavorid"])
    flavor = Flavor(**values)
    session.add(flavor)
    try:
        session.flush()
    except db_exc.DBDuplicateEntry as error:
        # Another request was quicker between the look and the write.
        if "flavorid" in str(error.columns) + str(error.inner_exception):
            raise exception.FlavorIdExists(
                flavor_id=values["flavorid"]
            ) from error
        raise exception.FlavorExists(name=values["name"]) from error
    return get(session, values["flavorid"])


def update(
    session: orm.Session, flavorid: str, values: Mapping[str, Any]
) -> None:
    """Change columns of a flavor. Raises: FlavorNotFound."""
    if not rows.execute(
        session,
        sa.update(Flavor).where(Flavor.flavorid == flavorid).values(**values),
    ):
        raise exception.FlavorNotFound(flavor_id=flavorid)


def _held(session: orm.Session, flavorid: str) -> Flavor:
    """The flavor, which nobody removes until this transaction ends.

    Raises: FlavorNotFound.
    """
    flavor = session.scalar(
        sa.select(Flavor).where(Flavor.flavorid == flavorid).with_for_update()
    )
    if flavor is None:
        raise exception.FlavorNotFound(flavor_id=flavorid)
    return flavor


def delete(session: orm.Session, flavorid: str) -> None:
    """Remove a flavor; servers keep their own copy of it.

    Raises: FlavorNotFound.
    """
    ident = _held(session, flavorid).id
    session.execute(
        sa.delete(FlavorProject).where(_ACCESS.c.flavor_id == ident)
    )
    session.execute(sa.delete(Flavor).where(_TABLE.c.id == ident))


def change_extra_specs(
    session: orm.Session,
    flavorid: str,
    changed: Mapping[str, str],
    removed: str | None = None,
) -> dict[str, str]:
    """Set some extra specs and remove one; returns all.

    Raises: FlavorNotFound, FlavorExtraSpecsNotFound.
    """
    flavor = _held(session, flavorid)
    specs = {**flavor.extra_specs, **changed}
    if removed is not None:
        if removed not in specs:
            raise exception.FlavorExtraSpecsNotFound(
                flavor_id=flavorid, extra_specs_key=removed
            )
        del specs[removed]
    flavor.extra_specs = specs
    session.flush()
    return specs


def projects(session: orm.Session, row_id: int) -> list[str]:
    """The projects that may use a private flavor, by the row's own id."""
    return list(
        session.execute(
            sa.select(_ACCESS.c.project_id)
            .where(_ACCESS.c.flavor_id == row_id)
            .order_by(_ACCESS.c.project_id)
        ).scalars()
    )


def add_project(session: orm.Session, flavorid: str, project_id: str) -> None:
    """Let a project use a flavor.

    Raises: FlavorNotFound, FlavorAccessExists.
    """
    flavor = _held(session, flavorid)
    try:
        session.execute(
            sa.insert(FlavorProject).values(
                flavor_id=flavor.id, project_id=project_id
            )
        )
    except db_exc.DBDuplicateEntry as error:
        raise exception.FlavorAccessExists(
            flavor_id=flavorid, project_id=project_id
        ) from error


def remove_project(
    session: orm.Session, flavorid: str, project_id: str
) -> None:
    """Let a project no longer use a flavor.

    Raises: FlavorNotFound, FlavorAccessNotFound.
    """
    row = get(session, flavorid)
    if not rows.execute(
        session,
        sa.delete(FlavorProject).where(
            FlavorProject.flavor_id == row["id"],
            FlavorProject.project_id == project_id,
        ),
    ):
        raise exception.FlavorAccessNotFound(
            flavor_id=flavorid, project_id=project_id
        )
