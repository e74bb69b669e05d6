# SPDX-License-Identifier: Apache-2.0
"""Metadata and tags: what users write on their servers.

Called by the controllers, in the API process. Each change locks the
server's row, looks at what is there and writes, in one transaction: of two
changes at once none is lost, and no limit is passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite import exception, quota
from nova_lite.compute import vm_states
from nova_lite.compute.request import MAX_TAGS
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import instance_query
from nova_lite.db.repositories import tag as tags_of

_STATES = frozenset(
    {
        vm_states.ACTIVE,
        vm_states.PAUSED,
        vm_states.STOPPED,
        vm_states.SUSPENDED,
    }
)
Row = Mapping[str, Any]


@db.transaction
def set_metadata(
    context: RequestContext,
    uuid: str,
    changes: Mapping[str, str],
    *,
    replace: bool = False,
) -> dict[str, str]:
    """Add to a server's metadata or replace it; all that it has then.

    Raises: InstanceNotFound, InstanceIsLocked, InstanceInvalidState,
    LimitExceeded.
    """
    with db.writer() as session:
        row = _locked(session, context, uuid, "update metadata")
        kept = {} if replace else row["instance_metadata"]
        metadata = {**kept, **changes}
        quota.check(
            session,
            row["project_id"],
            row["user_id"],
            "metadata_items",
            len(metadata),
        )
        _write(session, row, metadata)
    return metadata


@db.transaction
def remove_metadata(context: RequestContext, uuid: str, key: str) -> None:
    """Take one item from a server's metadata.

    Raises: InstanceNotFound, MetadataItemNotFound, InstanceIsLocked,
    InstanceInvalidState.
    """
    with db.writer() as session:
        row = _locked(session, context, uuid, "delete metadata", key)
        metadata = {
            k: v for k, v in row["instance_metadata"].items() if k != key
        }
        _write(session, row, metadata)


def _locked(
    session: Any,
    context: RequestContext,
    uuid: str,
    method: str,
    key: str | None = None,
) -> Row:
    """The server, held; its metadata may change now, and has ``key``."""
    row = instance_query.lock(session, uuid)
    if key is not None and key not in row["instance_metadata"]:
        raise exception.MetadataItemNotFound()
    if row["locked"] and not context.is_admin:
        raise exception.InstanceIsLocked(instance_uuid=uuid)
    _check_state(row, method)
    return row


def _check_state(row: Row, method: str) -> None:
    if row["vm_state"] not in _STATES:
        raise exception.InstanceInvalidState(
            method=method,
            instance_uuid=row["uuid"],
            attr="vm_state",
            state=row["vm_state"],
        )


def _write(session: Any, row: Row, metadata: Mapping[str, str]) -> None:
    if metadata != row["instance_metadata"]:
        instance_query.write(
            session, row["uuid"], {"instance_metadata": dict(metadata)}
        )


@db.transaction
def add_tag(uuid: str, tag: str) -> bool:
    """Give a server a tag; False if it had it.

    Raises: InstanceNotFound, InstanceInvalidState, TooManyTags.
    """
    with db.writer() as session:
        _check_state(instance_query.lock(session, uuid), "update tag")
        present = tags_of.of_instance(session, uuid)
        if len(present) >= MAX_TAGS:
            raise exception.TooManyTags(limit=MAX_TAGS)
        if tag in present:
            return False
        tags_of.insert(session, {uuid: [tag]})
    return True


@db.transaction
def set_tags(uuid: str, tags: Sequence[str]) -> list[str]:
    """Give a server these tags and no others; them, sorted.

    Raises: InstanceNotFound, InstanceInvalidState.
    """
    with db.writer() as session:
        method = "update tags" if tags else "delete tags"
        _check_state(instance_query.lock(session, uuid), method)
        present = set(tags_of.of_instance(session, uuid))
        wanted = set(tags)
        if present - wanted:
            tags_of.remove(session, uuid, present - wanted)
        tags_of.insert(session, {uuid: sorted(wanted - present)})
    return sorted(wanted)


@db.transaction
def remove_tag(uuid: str, tag: str) -> None:
    """Take a tag from a server.

    Raises: InstanceNotFound, InstanceInvalidState, InstanceTagNotFound.
    """
    with db.writer() as session:
        _check_state(instance_query.lock(session, uuid), "delete tag")
        if not tags_of.remove(session, uuid, [tag]):
            raise exception.InstanceTagNotFound(server_id=uuid, tag=tag)
