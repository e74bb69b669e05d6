# SPDX-License-Identifier: Apache-2.0
"""The supervisor with small child commands in the daemons' place."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nova_lite.supervisor import system
from nova_lite.supervisor.output import Output
from nova_lite.supervisor.processes import (
    Backoff,
    ChildSpec,
    Supervisor,
    describe,
)

_QUICK = Backoff(first_s=0.05, most_s=0.2, reset_after_s=30)


class Running:
    """A supervisor in a thread, and what it wrote."""

    def __init__(self, specs: list[ChildSpec], stop_timeout_s: float) -> None:
        self.stream = io.StringIO()
        self.supervisor = Supervisor(
            specs, Output(self.stream), _QUICK, stop_timeout_s
        )
        self._thread = threading.Thread(target=self.supervisor.run)
        self._thread.start()

    def wait_for(self, text: str, count: int = 1) -> None:
        assert system.wait_until(
            lambda: self.stream.getvalue().count(text) >= count, 60
        ), f"{text!r} not in {self.stream.getvalue()!r}"

    def stop(self, timeout_s: float = 60) -> None:
        self.supervisor.request_stop()
        self._thread.join(timeout_s)
        assert not self._thread.is_alive()


Start = Callable[..., Running]


def _shell(name: str, code: str, rank: int = 0) -> ChildSpec:
    return ChildSpec(name, ("sh", "-c", code), rank)


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Running] = []

    def run(*specs: ChildSpec, stop_timeout_s: float = 10) -> Running:
        running.append(Running(list(specs), stop_timeout_s))
        return running[-1]

    yield run
    for one in running:
        one.supervisor.request_stop()
        one.supervisor.request_stop()
        one.stop()


def test_lines_carry_the_daemons_name(start: Start) -> None:
    running = start(_shell("api", "echo hello; echo oops >&2; exec sleep 60"))
    running.wait_for("api            | hello\n")
    running.wait_for("api            | oops\n")


def test_a_dead_daemon_is_started_again_with_back_off(start: Start) -> None:
    running = start(_shell("compute", "echo up; exit 3"))
    running.wait_for("| up\n", count=4)
    text = running.stream.getvalue()
    assert "compute ended (exit status 3)" in text
    for delay in ("in 0.05 s", "in 0.1 s", "in 0.2 s"):
        assert delay in text


def test_back_off_doubles_up_to_a_limit() -> None:
    assert [Backoff().delay(n) for n in (1, 2, 3, 6, 1000)] == [
        1,
        2,
        4,
        30,
        30,
    ]


def test_a_long_life_clears_the_earlier_deaths() -> None:
    stream = io.StringIO()
    forgetful = Backoff(first_s=0.01, most_s=9, reset_after_s=0)
    supervisor = Supervisor([_shell("x", "exit 1")], Output(stream), forgetful)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    assert system.wait_until(
        lambda: stream.getvalue().count("in 0.01 s") >= 4, 20
    )
    supervisor.request_stop()
    thread.join(60)
    assert "in 0.02 s" not in stream.getvalue()


def test_a_killed_daemon_comes_back_as_a_new_process(start: Start) -> None:
    running = start(_shell("api", "echo pid=$$; exec sleep 60"))
    running.wait_for("pid=")
    first = running.supervisor.children[0].process.pid
    os.kill(first, signal.SIGKILL)
    running.wait_for("pid=", count=2)
    assert "by SIGKILL" in running.stream.getvalue()
    assert running.supervisor.children[0].process.pid != first


def test_stop_goes_rank_by_rank(start: Start) -> None:
    code = (
        "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    )
    running = start(
        _shell("conductor", code, 2),
        _shell("api", code, 0),
        _shell("scheduler", code, 1),
    )
    running.wait_for("up", count=3)
    running.stop()
    running.wait_for("bye", count=3)
    lines = running.stream.getvalue().splitlines()
    order = [line.split()[0] for line in lines if line.endswith("bye")]
    assert order == ["api", "scheduler", "conductor"]


def test_a_daemon_that_will_not_stop_is_killed_with_its_children(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    code = (
        f"trap '' TERM; sleep 1000 & echo $! > {file}; echo up; "
        "while :; do sleep 1000; done"
    )
    running = start(_shell("compute", code), stop_timeout_s=0.3)
    running.wait_for("up")
    running.stop()
    assert "compute did not stop in time" in running.stream.getvalue()
    assert system.wait_until(
        lambda: not system.is_running(system.read_pid(file), "sleep"), 30
    )


def test_asking_twice_does_not_wait(start: Start) -> None:
    code = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    running = start(_shell("compute", code), stop_timeout_s=1000)
    running.wait_for("up")
    running.supervisor.request_stop()
    running.stop()


@pytest.fixture
def hang_ups() -> Iterator[None]:
    """Under nohup they are ignored, which a shell could not change."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_ups")
def test_reload_is_passed_on(start: Start) -> None:
    code = "trap 'echo again' HUP; echo up; while :; do sleep 0.05; done"
    running = start(_shell("a", code), _shell("b", code))
    running.wait_for("up", count=2)
    running.supervisor.send_all(signal.SIGHUP)
    running.wait_for("again", count=2)


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = (
        "import sys\n"
        "from nova_lite.supervisor.output import Output\n"
        "from nova_lite.supervisor.processes import *\n"
        f"spec = ChildSpec('x', ('sh', '-c', 'echo $$ > {file}; "
        "exec sleep 1000'))\n"
        "Supervisor([spec], Output(sys.stdout)).run()\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert system.wait_until(
            lambda: system.is_running(system.read_pid(file), "sleep"), 60
        )
    finally:
        supervisor.kill()
        supervisor.wait()
    assert system.wait_until(
        lambda: not system.is_running(system.read_pid(file), "sleep"), 30
    )


def test_an_end_in_words() -> None:
    assert describe(1) == "exit status 1"
    assert describe(-15) == "by SIGTERM"
    assert describe(-99) == "by signal 99"
