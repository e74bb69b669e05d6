# SPDX-License-Identifier: Apache-2.0
"""GET /servers/events: state changes of servers as Server-Sent Events.

An extension of nova-lite; doc/api-extensions.md tells clients of it. What
changes comes from ``event_hub``. The answer goes on in the thread of the
request until the client goes, the token expires or the service stops.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator

import webob

from nova_lite import exception, policy, wsgi_server
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import event_hub
from nova_lite.api.openstack.compute.event_hub import Change
from nova_lite.api.openstack.compute.schemas import server_events as schemas
from nova_lite.api.openstack.compute.views import server_events as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute.request import InstanceQuery
from nova_lite.db.models.base import now
from nova_lite.db.repositories import instance_changes, instance_query
from nova_lite.policies import server_events as policies

_KEEP_ALIVE_S = 15
# A right that was taken away, or a token, ends a stream that late at last.
_LONGEST_S = 900
_PAGE = 500

MEDIA_TYPE = "text/event-stream"


class ServerEventsController(common.Controller):
    """/servers/events."""

    @operation(query=schemas.QUERY, errors=(429,), media_type=MEDIA_TYPE)
    def stream(self, request: Request) -> webob.Response:
        """Follow the state changes of servers."""
        context = request.context
        policy.authorize(context, policies.EVENTS)
        project_id: str | None = context.project_id or ""
        if common.as_bool(request.one("all_tenants") or False):
            policy.authorize(context, policies.EVENTS_ALL)
            project_id = None
        cursor = _cursor(request)
        with contextlib.ExitStack() as opened:
            hub = event_hub.of_process()
            owner = context.project_id
            subscription = hub.subscribe(project_id, owner)
            opened.callback(hub.unsubscribe, subscription, owner)
            opened.enter_context(wsgi_server.long_answer(request.environ))
            earlier: Iterator[Change] = iter(())
            if cursor is not None:
                earlier = _since(cursor, project_id)
            elif common.as_bool(request.one("snapshot") or False):
                earlier = _present(project_id)
            ends_at = time.monotonic() + _lifetime_s(request.token_expires_at)
            events = _events(subscription, earlier, ends_at)
            body = _Stream(events, opened.pop_all().close)
        response = webob.Response(content_type=MEDIA_TYPE, charset="UTF-8")
        response.headers["Cache-Control"] = "no-store"
        # nginx would collect events before it hands them on.
        response.headers["X-Accel-Buffering"] = "no"
        response.app_iter = body
        return response


class _Stream:
    """The body of the answer; a server calls ``close`` in any case."""

    def __init__(
        self, events: Iterator[bytes], close: Callable[[], None]
    ) -> None:
        self._events = events
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self._events


def _cursor(request: Request) -> int | None:
    """Where the client was; the header is the newer of the two.

    Raises: ValidationError.
    """
    text = request.headers.get("Last-Event-ID", "").strip()
    text = text or request.one("last_event_id") or ""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise exception.ValidationError(
            detail="Last-Event-ID must be an id that this API has sent."
        )
    return int(text)


def _lifetime_s(expires_at: datetime.datetime | None) -> float:
    if expires_at is None:
        return _LONGEST_S
    return min(_LONGEST_S, (expires_at - now()).total_seconds())


def _since(cursor: int, project_id: str | None) -> Iterator[Change]:
    """What changed after a cursor, and a minute before it.

    What was written then may have been committed later.
    """
    moment = min(views.moment_of(cursor), now())
    moment -= min(event_hub.WIDE, moment - views.moment_of(0))
    for rows in event_hub.pages_since(moment, project_id):
        yield from event_hub.changes_of(
            rows, lambda row: views.cursor_of(row["changed_at"])
        )


def _present(project_id: str | None) -> Iterator[Change]:
    """Every server that is there.

    Without cursors: who was cut off in the midst begins anew.
    """
    columns = (*instance_changes.COLUMNS, "created_at", "updated_at")
    marker = None
    while True:
        query = InstanceQuery(
            project_id=project_id,
            sort=(("created_at", "asc"), ("id", "asc")),
            limit=_PAGE,
            marker=marker,
        )
        rows = common.read(instance_query.list_, query, columns)
        for row in rows:
            row["changed_at"] = row["updated_at"] or row["created_at"]
        yield from event_hub.changes_of(rows, lambda _row: None)
        if len(rows) < _PAGE:
            return
        marker = rows[-1]["uuid"]


def _events(
    subscription: event_hub.Subscription,
    earlier: Iterator[Change],
    ends_at: float,
) -> Iterator[bytes]:
    """What is sent: what was before, a line that says so, what comes."""
    ready_id = views.cursor_of(now())
    yield b"retry: 1000\n\n"
    sent = {}
    for change in earlier:
        if subscription.ended or time.monotonic() > ends_at:
            break
        sent[change.uuid] = change.changed_at
        yield change.event
    else:
        yield views.event("ready", {}, ready_id)
    spoke_at = time.monotonic()
    while not subscription.ended:
        moment = time.monotonic()
        if moment >= ends_at:
            subscription.end("come back with a fresh token")
            break
        due_at = min(ends_at, spoke_at + _KEEP_ALIVE_S)
        following = subscription.get(max(0.0, due_at - moment))
        if following is not None:
            # Read by both, the hub and ``earlier``: told once.
            if sent.pop(following.uuid, None) != following.changed_at:
                yield following.event
                spoke_at = time.monotonic()
        elif time.monotonic() >= spoke_at + _KEEP_ALIVE_S:
            yield views.comment("still here")
            spoke_at = time.monotonic()
    yield views.comment(f"{subscription.ended}")
