# SPDX-License-Identifier: Apache-2.0
"""One look at the database for all streams of server events of a process.

``Hub`` polls in a thread of its own while there is a ``Subscription``, and
hands each change to the subscriptions that may see it. server_events.py
subscribes in the thread of the request; cmd/api ends the hub.

Transactions commit in another order than the times that they wrote, and
hosts' clocks differ. So each look goes back some seconds behind the last
one, and a longer one now and then a minute; what was handed out already is
passed over. Only what commits still later than that is missed.
"""

from __future__ import annotations

import datetime
import functools
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import concurrency, exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.views import server_events as views
from nova_lite.db.models.base import now
from nova_lite.db.repositories import instance_changes, instance_query

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

# How far behind the last look the next one goes back, and the longer ones.
NARROW = datetime.timedelta(seconds=5)
WIDE = datetime.timedelta(seconds=60)
_WIDE_EVERY = datetime.timedelta(seconds=10)
# Changes that a client may be behind before it is cut off.
_BACKLOG = 2000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A server's state at a moment, ready to be sent."""

    uuid: str
    project_id: str
    changed_at: datetime.datetime
    event: bytes


class Subscription:
    """What one stream has still to send; ``project_id`` None sees all."""

    def __init__(self, project_id: str | None) -> None:
        self.project_id = project_id
        # Why nothing more will come.
        self.ended: str | None = None
        self._queue: queue.Queue[Change | None] = queue.Queue(_BACKLOG)

    def offer(self, change: Change) -> None:
        """Take a change of the project; never blocks."""
        if self.project_id not in (None, change.project_id):
            return
        try:
            self._queue.put_nowait(change)
        except queue.Full:
            self.end("cut off, since it is read too slowly")

    def end(self, reason: str) -> None:
        """Let the stream end at once."""
        self.ended = self.ended or reason
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return  # whoever waits finds something, and looks at ``ended``

    def get(self, timeout_s: float) -> Change | None:
        """The next change; None after ``timeout_s``, or at the end."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None


class Hub:
    """The subscriptions of a process, and the thread that feeds them."""

    def __init__(
        self, *, interval_s: float, streams: int, streams_per_project: int
    ) -> None:
        self._interval_s = interval_s
        self._streams = streams
        self._per_project = streams_per_project
        # Held by whoever looks; the other one is never held over a look.
        self._looking = threading.Lock()
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._owners: Counter[str | None] = Counter()
        self._running = False
        self._closed = threading.Event()
        self._seen: dict[str, datetime.datetime] = {}
        self._looked_at = self._looked_wide_at = now()
        self._newest = 0

    def subscribe(
        self, project_id: str | None, owner: str | None
    ) -> Subscription:
        """Each change from now on is handed over, and none of before.

        ``owner`` is the project that the stream counts for.
        Raises: TooManyStreams, TooManyStreamsOfProject.
        """
        made = Subscription(project_id)
        with self._looking:
            with self._lock:
                self._admit(owner)
            if self._running:
                # What the thread has still to find is news for the others.
                self._hand_over(self._look(now()))
            else:
                self._begin()
            with self._lock:
                self._admit(owner)
                self._subscriptions.add(made)
                self._owners[owner] += 1
        return made

    def _admit(self, owner: str | None) -> None:
        if self._closed.is_set() or (
            len(self._subscriptions) >= self._streams
        ):
            raise exception.TooManyStreams(limit=self._streams)
        if self._owners[owner] >= self._per_project:
            raise exception.TooManyStreamsOfProject(limit=self._per_project)

    def unsubscribe(
        self, subscription: Subscription, owner: str | None
    ) -> None:
        """Hand over no more; twice is once."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
                self._owners[owner] -= 1

    def close(self) -> None:
        """End every stream, and take no new one."""
        self._closed.set()
        with self._lock:
            for one in self._subscriptions:
                one.end("this service is stopping")

    def _begin(self) -> None:
        """What has changed until now is nobody's news."""
        self._seen.clear()
        began = now()
        self._looked_at = self._looked_wide_at = began
        self._newest = views.cursor_of(began)
        for page in pages_since(began - WIDE):
            self._seen.update((row["uuid"], row["changed_at"]) for row in page)
        self._running = True
        concurrency.spawn(self._run, name="server-events")

    def _run(self) -> None:
        while not self._closed.wait(self._interval_s):
            with self._looking:
                if not self._subscriptions:
                    self._running = False
                    return
                try:
                    self._hand_over(self._look(now()))
                except Exception as error:
                    # The streams outlive whatever the database does; the
                    # next look goes back to the last one that ended well.
                    LOG.warning("No server events for now: %s", error)

    def _hand_over(self, changes: Sequence[Change]) -> None:
        with self._lock:
            for subscription in self._subscriptions:
                for change in changes:
                    subscription.offer(change)

    def _look(self, began: datetime.datetime) -> list[Change]:
        wide = began - self._looked_wide_at >= _WIDE_EVERY
        since = self._looked_at - NARROW
        if wide:
            since = self._looked_wide_at - WIDE
        news = [
            row
            for page in pages_since(since)
            for row in page
            if self._seen.get(row["uuid"]) != row["changed_at"]
        ]
        changes = changes_of(news, self._cursor)
        self._seen.update((row["uuid"], row["changed_at"]) for row in news)
        self._looked_at = began
        if wide:
            self._looked_wide_at = began
            self._seen = {
                uuid: changed_at
                for uuid, changed_at in self._seen.items()
                if changed_at >= began - WIDE - _WIDE_EVERY
            }
        return changes

    def _cursor(self, row: Row) -> int:
        """Never less than one handed out before: a resume goes on there."""
        self._newest = max(self._newest, views.cursor_of(row["changed_at"]))
        return self._newest


def pages_since(
    moment: datetime.datetime, project_id: str | None = None
) -> Iterator[list[dict[str, Any]]]:
    """Every server that changed since, the oldest change first."""
    after_id = 0
    while True:
        rows = common.read(
            instance_changes.page, moment, after_id, project_id=project_id
        )
        yield rows
        if len(rows) < instance_changes.PAGE:
            return
        moment, after_id = rows[-1]["changed_at"], rows[-1]["id"]


def changes_of(
    rows: Sequence[Row], cursor: Callable[[Row], int | None]
) -> list[Change]:
    """The rows as changes, each with the id that ``cursor`` gives it."""
    failed = [row["uuid"] for row in rows if views.shows_fault(row)]
    faults = common.read(instance_query.faults, failed) if failed else {}
    return [
        Change(
            row["uuid"],
            row["project_id"],
            row["changed_at"],
            views.event(
                "server",
                views.server(row, faults.get(row["uuid"])),
                cursor(row),
            ),
        )
        for row in rows
    ]


@functools.cache
def of_process() -> Hub:
    """The hub that all controllers of this process share."""
    return Hub(
        interval_s=CONF.api.event_poll_interval_s,
        streams=CONF.api.event_streams,
        streams_per_project=CONF.api.event_streams_per_project,
    )
