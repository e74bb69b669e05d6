# SPDX-License-Identifier: Apache-2.0
"""nova-lite-all: the whole of nova-lite on one host by one command.

Runs every daemon as a process of its own, and keeps them running. With no
transport_url it owns a private RabbitMQ node; with no database it uses
SQLite. Native threads only, and few imports: it holds no daemon's code.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import TextIO

from nova_lite import exception
from nova_lite.supervisor import stack
from nova_lite.supervisor.output import Output
from nova_lite.supervisor.processes import Backoff, Supervisor
from nova_lite.supervisor.rabbitmq import RabbitNode

_NAME = "nova-lite-all"
_PATIENCE_S = 180.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    output = Output(sys.stdout)
    try:
        settings = stack.load_settings(sys.argv[1:] if argv is None else argv)
        stack.prepare_state(settings)
        with (settings.state / "nova-lite-all.lock").open("a") as lock:
            _take(lock, settings)
            _run(settings, output)
    except exception.ConfigurationError as error:
        sys.stdout.flush()
        print(f"nova-lite-all: {error.format_message()}", file=sys.stderr)
        return 1
    return 0


def _take(lock: TextIO, settings: stack.Settings) -> None:
    """Be the only supervisor of this state directory."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise exception.ConfigurationError(
            reason="another nova-lite-all runs with state_path "
            f"{settings.state}; stop it first"
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _run(settings: stack.Settings, output: Output) -> None:
    # What comes before the daemons is ended by a signal like any script.
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    node = None
    try:
        if settings.own_broker:
            output.line(_NAME, "starting the private RabbitMQ node")
            node = RabbitNode(settings.state / "rabbitmq")
            node.start()
        stack.write_generated(settings, node.transport_url() if node else None)
        stack.manage(settings, output, "db", "sync")
        if settings.own_identity:
            stack.bootstrap(settings, output)
        _supervise(settings, output, node)
    except KeyboardInterrupt:
        output.line(_NAME, "interrupted")
    finally:
        if node is not None:
            node.stop()
    output.line(_NAME, "stopped")


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _supervise(
    settings: stack.Settings, output: Output, node: RabbitNode | None
) -> None:
    supervisor = Supervisor(
        stack.child_specs(settings),
        output,
        stop_timeout_s=settings.stop_timeout_s,
        pids=stack.pid_directory(settings),
    )
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        supervisor.request_stop()

    def reload(_number: int, _frame: FrameType | None) -> None:
        supervisor.send_all(signal.SIGHUP)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
    threads = [
        threading.Thread(target=_announce, args=(settings, output, stopping))
    ]
    if node is not None:
        threads.append(
            threading.Thread(target=_guard, args=(node, output, stopping))
        )
    for thread in threads:
        thread.start()
    try:
        supervisor.run()
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _announce(
    settings: stack.Settings, output: Output, stopping: threading.Event
) -> None:
    """Say once that everything is up, and how to use it."""
    deadline = time.monotonic() + _PATIENCE_S
    while not stack.api_answers(settings):
        if time.monotonic() > deadline:
            output.line(
                _NAME,
                f"the API at {settings.api_url} does not say that it is well "
                f"after {_PATIENCE_S:.0f} s; see the lines above, and try "
                "nova-lite-status doctor",
            )
            return
        if stopping.wait(0.5):
            return
    output.line(_NAME, f"ready: the API is at {settings.api_url}")
    if settings.own_identity:
        openrc = settings.state / "admin-openrc"
        output.line(_NAME, f"use it: . {openrc}; openstack server list")


def _guard(
    node: RabbitNode, output: Output, stopping: threading.Event
) -> None:
    """Start the private broker again whenever it has died."""
    backoff, deaths, seen_up = Backoff(), 0, time.monotonic()
    while not stopping.wait(1.0):
        if node.is_running():
            if time.monotonic() - seen_up > backoff.reset_after_s:
                deaths = 0
            continue
        deaths += 1
        output.line(_NAME, "the private RabbitMQ node died; starting it again")
        try:
            node.start()
        except exception.ConfigurationError as error:
            output.line(_NAME, error.format_message())
        seen_up = time.monotonic()
        stopping.wait(backoff.delay(deaths))


if __name__ == "__main__":
    sys.exit(main())
