# SPDX-License-Identifier: Apache-2.0
"""Statements about images, for the embedded image service.

Every function works in the session it is given; the caller opens and commits
the transaction. Rights are decided by the caller, except in ``list_page``,
whose ``Viewer`` says which images a project may see at all.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.image import (
    Image,
    ImageMember,
    ImageProperty,
    ImageTag,
)

# Gone for every user; the row stays until the bytes are gone too.
DELETED = "deleted"

# Sort key of a request -> column, with what stands for NULL in an order.
_SORT: Mapping[str, tuple[Any, Any]] = {
    "name": (Image.name, ""),
    "status": (Image.status, None),
    "container_format": (Image.container_format, ""),
    "disk_format": (Image.disk_format, ""),
    "size": (Image.size_bytes, -1),
    "id": (Image.id, None),
    "created_at": (Image.created_at, None),
    "updated_at": (Image.updated_at, None),
}
SORT_KEYS = tuple(_SORT)

_COLUMNS: Mapping[str, Any] = {
    "id": Image.id,
    "name": Image.name,
    "owner": Image.owner,
    "status": Image.status,
    "visibility": Image.visibility,
    "protected": Image.protected,
    "os_hidden": Image.os_hidden,
    "disk_format": Image.disk_format,
    "container_format": Image.container_format,
    "checksum": Image.checksum,
    "os_hash_algo": Image.os_hash_algo,
    "os_hash_value": Image.os_hash_value,
    "min_disk": Image.min_disk_gb,
    "min_ram": Image.min_ram_mb,
}
COLUMNS = tuple(_COLUMNS)
_TIMES: Mapping[str, Any] = {
    "created_at": Image.created_at,
    "updated_at": Image.updated_at,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who lists. ``sees_all`` is for administrators and services."""

    project_id: str | None
    sees_all: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What a list asks for.

    ``equal``: name of COLUMNS -> values, any of which fits. ``times``: rows
    of (created_at or updated_at; lt, lte, gt, gte, eq or neq; moment).
    ``visibility`` None gives the usual list, "all" whatever may be seen.
    """

    equal: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    times: Sequence[tuple[str, str, datetime.datetime]] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    visibility: str | None = None
    member_status: str = "accepted"
    size_min: int | None = None
    size_max: int | None = None


def get(
    session: orm.Session, image_id: str, *, for_update: bool = False
) -> Image:
    """One image with its properties and tags.

    ``for_update`` makes other writers of this image wait for the end of the
    transaction; whoever is going to change it asks for that.
    Raises: ImageNotFound.
    """
    found = session.get(Image, image_id, with_for_update=for_update or None)
    if found is None or found.status == DELETED:
        raise exception.ImageNotFound(image_id=image_id)
    return found


def create(
    session: orm.Session,
    values: Mapping[str, Any],
    properties: Mapping[str, str],
    tags: Sequence[str],
) -> Image:
    """Write a new image, its properties and its tags.

    Raises: Conflict when the id is taken.
    """
    if session.get(Image, values["id"]) is not None:
        raise exception.Conflict(f"Image {values['id']} exists already.")
    image = Image(**values)
    image.properties = [
        ImageProperty(name=name, value=value)
        for name, value in sorted(properties.items())
    ]
    image.tags = [ImageTag(tag=tag) for tag in sorted(set(tags))]
    session.add(image)
    try:
        session.flush()
    except db_exc.DBDuplicateEntry as error:
        raise exception.Conflict(
            f"Image {values['id']} exists already."
        ) from error
    return image


def update(
    session: orm.Session,
    image: Image,
    values: Mapping[str, Any],
    properties: Mapping[str, str],
    tags: Sequence[str],
) -> None:
    """Make the image's row, properties and tags be what is given."""
    for name, value in values.items():
        setattr(image, name, value)
    present = {row.name: row for row in image.properties}
    for name, row in present.items():
        if name not in properties:
            image.properties.remove(row)
        elif row.value != properties[name]:
            row.value = properties[name]
    image.properties += [
        ImageProperty(name=name, value=value)
        for name, value in sorted(properties.items())
        if name not in present
    ]
    wanted = set(tags)
    image.tags = [row for row in image.tags if row.tag in wanted] + [
        ImageTag(tag=tag)
        for tag in sorted(wanted - {row.tag for row in image.tags})
    ]
    image.updated_at = datetime.datetime.now(datetime.UTC)
    session.flush()


def swap_status(
    session: orm.Session,
    image_id: str,
    expected: str,
    new: str,
    **values: Any,
) -> bool:
    """Go from one status to another; False when it was not ``expected``."""
    done = session.execute(
        sa.update(Image)
        .where(Image.id == image_id, Image.status == expected)
        .values(status=new, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def purge(session: orm.Session, image_id: str) -> None:
    """Remove the row of a deleted image, with all that hangs on it."""
    session.execute(
        sa.delete(Image).where(Image.id == image_id, Image.status == DELETED)
    )


def statuses(session: orm.Session) -> dict[str, str]:
    """The status of every image, by id."""
    rows = session.execute(sa.select(Image.id, Image.status))
    return {row.id: row.status for row in rows}


def list_page(
    session: orm.Session,
    viewer: Viewer,
    query: Query,
    sort: Sequence[tuple[str, str]],
    limit: int,
    marker: str | None,
) -> list[Image]:
    """At most ``limit`` images after ``marker``.

    ``sort``: (one of SORT_KEYS, "asc" or "desc"), most significant first.
    Raises: MarkerNotFound.
    """
    keys = [*sort]
    if "id" not in {name for name, _ in keys}:
        keys.append(("id", keys[-1][1] if keys else "desc"))
    statement = sa.select(Image).where(
        Image.status != DELETED, *_visible(viewer, query), *_matching(query)
    )
    if marker is not None:
        after = session.get(Image, marker)
        if after is None:
            raise exception.MarkerNotFound(marker=marker)
        statement = statement.where(_behind(after, keys))
    for name, direction in keys:
        column = _sortable(name)
        statement = statement.order_by(
            column.desc() if direction == "desc" else column.asc()
        )
    return list(session.scalars(statement.limit(limit)))


def _sortable(name: str) -> Any:
    column, null = _SORT[name]
    return column if null is None else sa.func.coalesce(column, null)


def _behind(after: Image, keys: Sequence[tuple[str, str]]) -> Any:
    """The condition of coming after a row in the order of ``keys``."""
    clauses = []
    equal: list[Any] = []
    for name, direction in keys:
        column, null = _SORT[name]
        value = getattr(after, column.key)
        value = null if value is None else value
        expression = _sortable(name)
        beyond = (
            expression < value if direction == "desc" else expression > value
        )
        clauses.append(sa.and_(*equal, beyond))
        equal.append(expression == value)
    return sa.or_(*clauses)


def _visible(viewer: Viewer, query: Query) -> list[Any]:
    wanted = query.visibility
    conditions: list[Any] = []
    if wanted not in (None, "all"):
        conditions.append(Image.visibility == wanted)
    if viewer.sees_all:
        return conditions
    shared = sa.select(ImageMember.image_id).where(
        ImageMember.member == viewer.project_id
    )
    if query.member_status != "all":
        shared = shared.where(ImageMember.status == query.member_status)
    seen = [
        Image.visibility == "public",
        sa.and_(Image.visibility == "shared", Image.id.in_(shared)),
    ]
    if viewer.project_id is not None:
        seen.append(Image.owner == viewer.project_id)
    # Everybody may see a community image, but only who asks gets the lot.
    if wanted in ("community", "all"):
        seen.append(Image.visibility == "community")
    return [*conditions, sa.or_(*seen)]


def _matching(query: Query) -> list[Any]:
    conditions: list[Any] = [
        _COLUMNS[name].in_(values) for name, values in query.equal.items()
    ]
    for name, operator, moment in query.times:
        conditions.append(_compare(_TIMES[name], operator, moment))
    if query.size_min is not None:
        conditions.append(Image.size_bytes >= query.size_min)
    if query.size_max is not None:
        conditions.append(Image.size_bytes <= query.size_max)
    for tag in query.tags:
        conditions.append(
            Image.id.in_(sa.select(ImageTag.image_id).filter_by(tag=tag))
        )
    for name, value in query.properties.items():
        conditions.append(
            Image.id.in_(
                sa.select(ImageProperty.image_id).filter_by(
                    name=name, value=value
                )
            )
        )
    return conditions


def _compare(column: Any, operator: str, value: Any) -> Any:
    return {
        "lt": column < value,
        "lte": column <= value,
        "gt": column > value,
        "gte": column >= value,
        "eq": column == value,
        "neq": column != value,
    }[operator]


# --- members -----------------------------------------------------------------


def members(session: orm.Session, image_id: str) -> list[ImageMember]:
    """The projects that an image is shared with, in their order."""
    return list(
        session.scalars(
            sa.select(ImageMember)
            .filter_by(image_id=image_id)
            .order_by(ImageMember.created_at, ImageMember.member)
        )
    )


def member(
    session: orm.Session, image_id: str, project_id: str | None
) -> ImageMember | None:
    """One project's membership, or None."""
    if project_id is None:
        return None
    return session.get(ImageMember, (image_id, project_id))


def add_member(
    session: orm.Session, image_id: str, project_id: str
) -> ImageMember:
    """Share an image with a project, which has yet to accept it.

    Raises: Conflict when it is shared with it already.
    """
    if member(session, image_id, project_id) is not None:
        raise exception.Conflict(
            f"Image {image_id} is shared with project {project_id} already."
        )
    row = ImageMember(image_id=image_id, member=project_id)
    session.add(row)
    session.flush()
    return row


def delete_member(session: orm.Session, row: ImageMember) -> None:
    """Share no longer."""
    session.delete(row)
    session.flush()
