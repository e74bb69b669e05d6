# SPDX-License-Identifier: Apache-2.0
"""Membership: each process says that it lives, and buries its dead.

Runs in every daemon. Records are written through objects.Service: at once
where the database is, over conductor in nova-lite-compute.
"""

from __future__ import annotations

import os
import pathlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from oslo_log import log as logging

from nova_lite import concurrency, exception
from nova_lite.context import get_admin_context
from nova_lite.objects.service import Service

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """One process, told apart from any other that has or had its pid."""

    uuid: str
    pid: int
    pid_started: int
    boot_id: str

    @classmethod
    def current(cls) -> Process:
        """This process, under a new incarnation uuid."""
        pid = os.getpid()
        return cls(str(uuid.uuid4()), pid, _started(pid) or 0, _boot_id())


def _boot_id() -> str:
    return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _started(pid: int) -> int | None:
    """Clock ticks after boot at which a process began; None when gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may contain spaces; state is field 3.
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] in "ZX" else int(fields[19])


def alive(process: dict[str, Any]) -> bool:
    """Whether a recorded process of this host still runs."""
    begun: int = process["pid_started"]
    same_boot: bool = process["boot_id"] == _boot_id()
    return same_boot and _started(process["pid"]) == begun


class Membership:
    """Keeps one process's record fresh, in a thread of its own."""

    def __init__(
        self,
        identity: dict[str, Any],
        interval_s: float,
        running: Callable[[], list[int]],
        alone: bool,
    ) -> None:
        """``alone``: a second living process of this service is an error."""
        self._identity = identity
        self._interval_s = interval_s
        self._running = running
        self._alone = alone
        self._stop = threading.Event()
        self.process = Process.current()

    def join(self) -> None:
        """Record this process, bury dead ones, begin the heartbeat.

        Raises: ConfigurationError when the service runs already and may not
        run twice.
        """
        self._register()
        concurrency.spawn(self._beat, name="heartbeat")

    def leave(self) -> None:
        """End the heartbeat, and say so."""
        self._stop.set()
        try:
            Service.leave(get_admin_context(), self.process.uuid)
        except exception.NovaLiteException as error:
            LOG.info("Could not sign off: %s", error)

    def _register(self) -> None:
        context = get_admin_context()
        others = Service.start(context, self._identity, asdict(self.process))
        dead = [other["uuid"] for other in others if not alive(other)]
        if self._alone and len(dead) < len(others):
            pid = next(o["pid"] for o in others if o["uuid"] not in dead)
            Service.bury(context, [self.process.uuid])
            raise exception.ConfigurationError(
                reason=f"{self._identity['binary']} runs already for host "
                f"{self._identity['host']} (process {pid}): stop it, or give "
                "this one another [DEFAULT] host."
            )
        if dead:
            Service.bury(context, dead)

    def _beat(self) -> None:
        context = get_admin_context()
        while not self._stop.wait(self._interval_s):
            try:
                known = Service.report(
                    context, self.process.uuid, self._running()
                )
                if not known:
                    self._register()
            except Exception as error:
                # Whatever it was, the next beat comes: a service that stops
                # beating for an error would be taken for dead.
                LOG.warning("Heartbeat failed: %s", error)
