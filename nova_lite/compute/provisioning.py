# SPDX-License-Identifier: Apache-2.0
"""The two transactions of a create: what it needs is read, servers written.

Called by compute.API in the API process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nova_lite import exception, quota
from nova_lite.compute import begin, injection, transitions
from nova_lite.compute.request import CreateRequest
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import flavor as flavors
from nova_lite.db.repositories import instance as instances
from nova_lite.db.repositories import journal, service
from nova_lite.db.repositories import keypair as keypairs
from nova_lite.db.repositories import server_group as server_groups
from nova_lite.db.repositories import tag as tags_of

Row = dict[str, Any]


@db.transaction
def look_up(
    context: RequestContext, request: CreateRequest
) -> tuple[Row, str | None, Row]:
    """Flavor, public key, and where the servers are to go.

    Raises: InvalidInput, OverQuota.
    """
    with db.reader() as session:
        try:
            flavor = flavors.get(
                session,
                request.flavor_ref,
                None if context.is_admin else context.project_id,
            )
        except exception.FlavorNotFound as error:
            raise exception.InvalidInput(
                reason=error.format_message()
            ) from error
        if flavor["disabled"]:
            raise exception.InvalidInput(
                reason=f"Flavor {request.flavor_ref} is disabled."
            )
        key_data = None
        if request.key_name is not None:
            try:
                key = keypairs.get(
                    session, context.user_id or "", request.key_name
                )
            except exception.KeypairNotFound as error:
                raise exception.InvalidInput(
                    reason=f"Invalid key_name provided: "
                    f"{error.format_message()}"
                ) from error
            key_data = key["public_key"]
        if request.metadata:
            quota.check(
                session,
                context.project_id or "",
                context.user_id,
                "metadata_items",
                len(request.metadata),
            )
        injection.check_quota(
            session, context.project_id or "", context.user_id, request.files
        )
        placement = _placement(request)
        zone = placement["availability_zone"]
        if zone is not None and zone not in service.zones(session):
            raise exception.InvalidInput(
                reason="The requested availability zone is not available"
            )
    return flavor, key_data, placement


def _placement(request: CreateRequest) -> Row:
    """The zone, and the hosts that who may name them has named."""
    zone = request.availability_zone
    spec: Row = {}
    if zone is not None and ":" in zone:
        name, _, rest = zone.partition(":")
        host, _, node = rest.partition(":")
        zone = name or None
        spec = {"force_host": host or None, "force_node": node or None}
    if request.host or request.hypervisor_hostname:
        spec["requested_host"] = request.host
        spec["requested_node"] = request.hypervisor_hostname
    spec["availability_zone"] = zone
    return {
        "availability_zone": zone,
        "request_spec": {k: v for k, v in spec.items() if v is not None},
    }


def insert(
    context: RequestContext,
    request: CreateRequest,
    each: Mapping[str, int],
    make: Callable[[int], list[Row]],
    arguments: Mapping[str, Any],
) -> tuple[list[Row], list[int]]:
    """Servers and their actions; ``make`` gives the rows of a number.

    ``arguments`` are those of the actions.

    Raises: OverQuota; InvalidInput for an unknown server group.
    """
    # A connection lost with the answer to a COMMIT has the transaction tried
    # again: what the attempt before has written is not written twice.
    made: list[Row] = []
    return made, _insert(context, request, each, make, arguments, made)


@db.transaction
def _insert(
    context: RequestContext,
    request: CreateRequest,
    each: Mapping[str, int],
    make: Callable[[int], list[Row]],
    arguments: Mapping[str, Any],
    made: list[Row],
) -> list[int]:
    """Fill ``made``, unless its rows are in; the ids of their actions."""
    with db.writer() as session:
        if made and instances.by_uuids(session, [made[0]["uuid"]]):
            return _builds_of(session, [row["uuid"] for row in made])
        group_id = _lock_group(session, context, request)
        if group_id is not None:
            each = {**each, "server_group_members": 1}
        count = quota.fit(
            session,
            context.project_id or "",
            context.user_id or "",
            each,
            request.min_count,
            request.max_count,
            group_id=group_id,
        )
        made[:] = make(count)
        instances.create(session, made)
        uuids = [row["uuid"] for row in made]
        if group_id is not None:
            server_groups.join(session, group_id, uuids)
        tags_of.insert(session, dict.fromkeys(uuids, request.tags))
        return _queue_builds(session, context, uuids, arguments)


def _queue_builds(
    session: Any,
    context: RequestContext,
    uuids: list[str],
    arguments: Mapping[str, Any],
) -> list[int]:
    """The ids of the actions."""
    build = transitions.BUILD
    queued = [
        begin.action_row(context, one, build, arguments=arguments)
        for one in uuids
    ]
    if len(queued) == 1:
        return [journal.queue(session, queued[0])]
    journal.insert(session, queued)
    return _builds_of(session, uuids)


def _builds_of(session: Any, uuids: list[str]) -> list[int]:
    builds = journal.ids_of(session, transitions.BUILD.name, uuids)
    return list(builds.values())


def _lock_group(
    session: Any, context: RequestContext, request: CreateRequest
) -> int | None:
    """The server group that the hints name, kept until the rows are in."""
    hint = request.scheduler_hints.get("group")
    if hint is None:
        return None
    try:
        return server_groups.lock(session, hint, context.project_id or "")
    except exception.ServerGroupNotFound as error:
        raise exception.InvalidInput(reason=error.format_message()) from error
