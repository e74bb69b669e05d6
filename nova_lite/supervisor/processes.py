# SPDX-License-Identifier: Apache-2.0
"""Starts daemon processes, starts dead ones again, and stops them in order.

Used by nova-lite-all. Children are started by exec, never by a bare fork,
always from the thread that calls ``run``. Each has its own session, so
that Ctrl-C reaches the supervisor alone, which then stops them in order.

When the supervisor itself is killed, the kernel kills its children
(PR_SET_PDEATHSIG, set by setpriv(1)): SIGKILL rather than SIGTERM, because
a daemon that drains for a minute would meet its own successor, and because
every daemon takes up its work from the journal after a kill anyway.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from nova_lite.supervisor.output import Output

_NAME = "nova-lite-all"


@dataclasses.dataclass(frozen=True, slots=True)
class ChildSpec:
    """A daemon: its command, and when it is stopped (lower ranks first)."""

    name: str
    command: tuple[str, ...]
    stop_rank: int = 0
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between the restarts of a daemon that keeps dying."""

    first_s: float = 1.0
    most_s: float = 30.0
    # Having run this long, a daemon's earlier deaths are forgotten.
    reset_after_s: float = 60.0

    def delay(self, deaths: int) -> float:
        """Seconds to wait after the ``deaths``-th death in a row."""
        # The power is bounded, else years of deaths overflow a float.
        return min(self.most_s, self.first_s * float(1 << min(deaths - 1, 30)))


class Child:
    """One supervised process and its history of deaths."""

    def __init__(
        self,
        spec: ChildSpec,
        output: Output,
        backoff: Backoff,
        wake: Callable[[], None],
        pids: Path | None,
    ) -> None:
        self.spec = spec
        self._pids = pids
        self.process: subprocess.Popen[bytes] | None = None
        self._output = output
        self._backoff = backoff
        self._wake = wake
        self._deaths = 0
        self._started_at = 0.0
        self._start_at = 0.0

    def start_if_due(self) -> float | None:
        """Start unless it runs; return the seconds until it is due."""
        if self.process is not None:
            return None
        wait = self._start_at - time.monotonic()
        if wait > 0:
            return wait
        self._start()
        return None

    def note_death(self) -> None:
        """When the process has ended: say so and plan its restart."""
        if self.process is None or self.process.poll() is None:
            return
        status = self.process.returncode
        # Workers that the daemon left behind would fight with the next.
        self._signal_group(signal.SIGKILL)
        self.process = None
        now = time.monotonic()
        if now - self._started_at >= self._backoff.reset_after_s:
            self._deaths = 0
        self._deaths += 1
        delay = self._backoff.delay(self._deaths)
        self._start_at = now + delay
        self._output.line(
            _NAME,
            f"{self.spec.name} ended ({describe(status)}); "
            f"starting it again in {delay:g} s",
        )

    def send(self, number: signal.Signals) -> None:
        """Pass a signal to the daemon's main process."""
        if self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the daemon and to whatever it started."""
        self._signal_group(signal.SIGKILL)

    def has_ended(self) -> bool:
        """Whether nothing of it runs."""
        return self.process is None or self.process.poll() is not None

    def _start(self) -> None:
        command = [*_die_with_parent(), *self.spec.command]
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **self.spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if self._pids is not None:
            pid_file = self._pids / f"{self.spec.name}.pid"
            pid_file.write_text(f"{self.process.pid}\n")
        threading.Thread(
            target=self._pump,
            args=(self.process.stdout,),
            name=f"output-{self.spec.name}",
            daemon=True,
        ).start()

    def _pump(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                self._output.line(self.spec.name, text)
        self._wake()

    def _signal_group(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Keeps a set of daemons running until it is told to stop."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        output: Output,
        backoff: Backoff | None = None,
        stop_timeout_s: float = 65.0,
        pids: Path | None = None,
    ) -> None:
        """``pids``: where the number of each daemon's process is kept."""
        self._output = output
        self._stop_timeout_s = stop_timeout_s
        self._stop_requests = 0
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._write_fd, False)
        os.set_blocking(self._read_fd, False)
        self.children = [
            Child(spec, output, backoff or Backoff(), self._wake, pids)
            for spec in specs
        ]

    def run(self) -> None:
        """Start the daemons and keep them up until ``request_stop``."""
        try:
            while not self._stop_requests:
                for child in self.children:
                    child.note_death()
                waits = [c.start_if_due() for c in self.children]
                # A second bounds the delay when a daemon's own child keeps
                # the daemon's output open, so that its end is not seen.
                self._sleep(min([1.0, *(w for w in waits if w)]))
        finally:
            self._stop_all()

    def request_stop(self) -> None:
        """Stop; asked for twice, kill. Safe in a signal handler."""
        self._stop_requests += 1
        self._wake()

    def send_all(self, number: signal.Signals) -> None:
        """Pass a signal to every daemon."""
        for child in self.children:
            child.send(number)

    def _stop_all(self) -> None:
        for rank in sorted({c.spec.stop_rank for c in self.children}):
            group = [c for c in self.children if c.spec.stop_rank == rank]
            self._stop(group)

    def _stop(self, group: list[Child]) -> None:
        for child in group:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + self._stop_timeout_s
        while not all(child.has_ended() for child in group):
            if self._stop_requests > 1 or time.monotonic() > deadline:
                break
            self._sleep(0.2)
        for child in group:
            if not child.has_ended():
                self._output.line(
                    _NAME, f"{child.spec.name} did not stop in time: killed"
                )
            child.kill()
            if child.process is not None:
                child.process.wait()

    def _sleep(self, seconds: float) -> None:
        select.select([self._read_fd], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._read_fd, 4096)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._write_fd, b"x")


def describe(status: int) -> str:
    """A process's end in words: its status or its signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"


def _die_with_parent() -> list[str]:
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
