# SPDX-License-Identifier: Apache-2.0
"""Tags of servers: read for the views, written by compute.labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models.instance import InstanceTag
from nova_lite.db.repositories import rows

_TABLE = InstanceTag.__table__


def of_instances(
    session: orm.Session, uuids: Sequence[str]
) -> dict[str, list[str]]:
    """The tags of servers, sorted; those without tags are absent."""
    if not uuids:
        return {}
    found: dict[str, list[str]] = {}
    statement = sa.select(_TABLE.c.instance_uuid, _TABLE.c.tag).where(
        _TABLE.c.instance_uuid.in_(uuids)
    )
    for uuid, tag in session.execute(statement):
        found.setdefault(uuid, []).append(tag)
    return {uuid: sorted(tags) for uuid, tags in found.items()}


def of_instance(session: orm.Session, uuid: str) -> list[str]:
    """The tags of one server, sorted."""
    return of_instances(session, [uuid]).get(uuid, [])


def insert(session: orm.Session, tags: Mapping[str, Iterable[str]]) -> None:
    """Give servers, by uuid, tags that they do not have yet."""
    values = [
        {"instance_uuid": uuid, "tag": tag}
        for uuid, names in tags.items()
        for tag in names
    ]
    if values:
        session.execute(sa.insert(InstanceTag), values)


def remove(session: orm.Session, uuid: str, tags: Iterable[str]) -> int:
    """Take tags from a server; how many it had of them."""
    return rows.execute(
        session,
        sa.delete(InstanceTag).where(
            InstanceTag.instance_uuid == uuid,
            InstanceTag.tag.in_(list(tags)),
        ),
    )


def having(instance_uuid: Any, filters: Mapping[str, Sequence[str]]) -> Any:
    """Whether the server of a column fulfils all ``filters``.

    tags: it has all of them, tags-any: one of them at least, not-tags: not
    all of them, not-tags-any: none.
    """

    def has(wanted: Any) -> Any:
        return sa.exists().where(
            _TABLE.c.instance_uuid == instance_uuid, wanted
        )

    def has_all(tags: Sequence[str]) -> Any:
        return sa.and_(
            *(has(_TABLE.c.tag == tag) for tag in dict.fromkeys(tags))
        )

    def has_any(tags: Sequence[str]) -> Any:
        return has(_TABLE.c.tag.in_(tags))

    where = []
    for name, tags in filters.items():
        found = has_any(tags) if name.endswith("-any") else has_all(tags)
        where.append(~found if name.startswith("not-") else found)
    return sa.and_(*where)
