# SPDX-License-Identifier: Apache-2.0
"""The sweep: what nobody took, or whose worker died, is sent again.

A thread in every nova-lite-conductor. It reads the open rows of the journal;
transitions.py says where each has to go. Several conductors may sweep at
once: taking a row over is a compare-and-swap.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import concurrency, exception, rpc
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.compute import transitions
from nova_lite.compute.transitions import HostDead, Transition
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import journal, lost_actions, provider, service

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

_BATCH = 500
_ORPHAN_AGE_S = 30
_LOOKS_PER_ORPHAN_HUNT = 6
Row = dict[str, Any]


class Tasks(Protocol):
    """Conductor's own tasks, which need no message."""

    def build_instances(
        self, context: RequestContext, actions: list[int]
    ) -> None: ...
    def run_task(
        self, context: RequestContext, operation: str, action: int
    ) -> None: ...


class Silence:
    """Whether the silence of others says that they are dead.

    After an outage of the broker or the database everybody has been silent.
    So silence counts only when this conductor has seen both at work for so
    long that whoever lives has had the time to say so; and seen again and
    again, since an outage may pass while everybody here waits for it to end.
    """

    def __init__(
        self,
        patience_s: float,
        quiet_s: float,
        ping: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``quiet_s``: with nobody heard for so long, the bus is asked."""
        self._patience_s = patience_s
        self._quiet_s = quiet_s
        self._ping = ping
        self._clock = clock
        self._stopped = threading.Event()
        self._since: float | None = None
        self._seen_at = 0.0

    def start(self) -> None:
        """Begin to watch, in a thread that does nothing else."""
        concurrency.spawn(self._loop, name="silence")

    def stop(self) -> None:
        """No further look."""
        self._stopped.set()

    def _loop(self) -> None:
        while not self._stopped.is_set():
            try:
                self.watch()
            except Exception as error:
                # Whatever it was, the bus was not seen at work.
                self.broken()
                LOG.warning("The bus could not be looked at: %s", error)
            self._stopped.wait(self._quiet_s / 2)

    def broken(self) -> None:
        """Something did not answer: wait anew."""
        self._since = None

    def watch(self) -> None:
        """Look at the bus, unless others have lately been heard over it."""
        silence_s = rpc.seconds_of_silence()
        if self._since is None or silence_s > self._quiet_s:
            self.counts()
        else:
            self._works(self._clock() - silence_s)

    def counts(self) -> bool:
        """Look at the bus; the database has just answered the caller."""
        try:
            self._ping()
        except exception.MessagingUnavailable:
            self.broken()
            return False
        moment = self._clock()
        return moment - self._works(moment) >= self._patience_s

    def _works(self, moment: float) -> float:
        """Note that the bus did so then; since when it does."""
        since, seen_at = self._since, self._seen_at
        if since is None or moment - seen_at > 2 * self._quiet_s:
            since = moment
        self._since, self._seen_at = since, max(moment, seen_at)
        return since


class Sweep:
    """Looks every few seconds, and when it is woken."""

    def __init__(
        self,
        compute: compute_rpcapi.ComputeAPI,
        tasks: Tasks,
        silence: Silence,
        hunts: Sequence[Callable[[], object]] = (),
    ) -> None:
        """``hunts``: what else is looked for now and then."""
        self._hunts = (self.free_orphans, *hunts)
        self._compute = compute
        self._silence = silence
        self._tasks = tasks
        self._wake = threading.Event()
        self._stopped = False

    def start(self, interval_s: float) -> None:
        """Begin, with a first look at once."""
        concurrency.spawn(self._loop, interval_s, name="sweep")

    def stop(self) -> None:
        """No further look."""
        self._stopped = True
        self._wake.set()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def _loop(self, interval_s: float) -> None:
        looks = 0
        while not self._stopped:
            try:
                self.look()
                if looks % _LOOKS_PER_ORPHAN_HUNT == 0:
                    for hunt in self._hunts:
                        hunt()
                looks += 1
            except Exception as error:
                # The database may be away; the next look comes anyway.
                self._silence.broken()
                LOG.warning("Sweep failed: %s", error)
            self._wake.wait(interval_s)
            self._wake.clear()

    def look(self) -> None:
        """One pass over the open actions."""
        with db.reader() as session:
            found = lost_actions.open_actions(session, _BATCH)
            if not found:
                return
            known = service.known(session)
            alive = service.alive(session, CONF.service_down_time)
        # A worker that is buried is dead; one that is only silent may be.
        workers, hosts = alive
        if (workers, hosts) != known and not self._silence.counts():
            workers, hosts = known
        moment = datetime.datetime.now(datetime.UTC)
        due = moment - datetime.timedelta(seconds=CONF.conductor.resend_after)
        builds: list[int] = []
        for row in found:
            lost = (
                row["worker"] not in workers
                if row["state"] == journal.RUNNING
                else row["queued_at"] < due
            )
            if lost:
                self._send(row, hosts, builds)
        if builds:
            self._tasks.build_instances(RequestContext(), builds)

    def free_orphans(self) -> None:
        """Give back what is held for servers that are gone.

        A scheduler that answers after its caller has died leaves such a
        claim. A young one may be of a server that is being made.
        """
        found = provider.orphans(older_than_s=_ORPHAN_AGE_S)
        if found:
            LOG.warning("Freeing what gone servers hold: %s", found)
            provider.release(found)

    def _send(self, row: Row, hosts: set[str], builds: list[int]) -> None:
        """Send a lost action to where it belongs now."""
        transition = transitions.TABLE[row["operation"]]
        if not transition.repeatable:
            self._give_up(row, transition, _NOT_REPEATABLE)
            return
        if row["attempt"] >= transition.max_attempts:
            self._give_up(
                row,
                transition,
                f"{transition.action} was begun {row['attempt']} times and "
                "never came to its end: the service that ran it died or "
                "failed.",
            )
            return
        target = row["target_host"]
        if target is not None and target not in hosts:
            if transition.host_dead is HostDead.WAIT:
                return
            if transition.host_dead is HostDead.ANOTHER_HOST and (
                not lost_actions.leave_host(
                    row["instance_uuid"],
                    transition.during,
                    transition.moves_from,
                )
            ):
                return
            LOG.warning(
                "Host %s is down: %s of %s goes on without it",
                target,
                row["operation"],
                row["instance_uuid"],
            )
            target = None
        if not lost_actions.take_over(row, target):
            return
        LOG.info(
            "Sending %s of %s again, to %s",
            row["operation"],
            row["instance_uuid"],
            target or "conductor",
        )
        context = RequestContext.from_wire(row["context"])
        if target is not None:
            getattr(self._compute, transition.rpc_method)(
                context, target, row["id"], row["instance_uuid"]
            )
        elif transition is transitions.BUILD:
            builds.append(row["id"])
        else:
            self._tasks.run_task(context, row["operation"], row["id"])

    def _give_up(self, row: Row, transition: Transition, why: str) -> None:
        """Nobody can bring it to its end: say so."""
        LOG.error(
            "%s of %s failed: %s", row["operation"], row["instance_uuid"], why
        )
        lost_actions.give_up(
            row,
            transition.ended(transition.on_error),
            why,
            # What it was before, it was without a host.
            homeless=transition.moves_from,
        )


_NOT_REPEATABLE = (
    "The service that ran this died or did not answer, and what it needs is "
    "not kept: ask again."
)
