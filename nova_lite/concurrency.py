# SPDX-License-Identifier: Apache-2.0
"""Green threads or native threads: decided once, before anything else.

Every entry point calls ``setup_from_argv()`` before it imports the rest of
nova_lite. Everything else is written to ``threading``, ``queue`` and ``time``
and to the few names below; beside this module only ``wsgi_server`` imports
eventlet.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

EVENTLET = "eventlet"
THREADING = "threading"

_mode = THREADING


class Executor(Protocol):
    """What ``pool`` returns: a bounded executor of either kind."""

    def submit(self, fn: Callable[..., Any], /, *a: Any, **kw: Any) -> Any: ...
    def shutdown(self, wait: bool = True) -> None: ...


def mode() -> str:
    """``eventlet`` or ``threading``: what this process runs under."""
    return _mode


def setup(chosen: str) -> None:
    """Make this process eventlet or threading; call before other imports."""
    global _mode
    if chosen not in (EVENTLET, THREADING):
        raise ValueError(
            f"concurrency must be eventlet or threading, not {chosen!r}"
        )
    _mode = chosen
    # Importing eventlet warns that it is in maintenance: known, and the
    # threading mode is there for whoever minds.
    os.environ.setdefault("EVENTLET_IMPORT_VERSION_ONLY", "0")
    # Names are resolved by the C library, as in upstream's daemons:
    # eventlet's own resolver takes 15 MiB of each daemon.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    # psycopg's C wait would block every green thread; its Python one yields.
    if chosen == EVENTLET:
        os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecat")
        import eventlet

        eventlet.monkey_patch()
    from oslo_service import backend

    backend.init_backend(
        backend.BackendType.EVENTLET
        if chosen == EVENTLET
        else backend.BackendType.THREADING
    )


def setup_from_argv(argv: Sequence[str] | None = None) -> None:
    """Read ``[DEFAULT] concurrency`` from the configuration files and set up.

    The files are those of ``--config-file`` and ``--config-dir``, or the
    default ones; ``NOVA_LITE_CONCURRENCY`` in the environment wins.
    """
    setup(
        os.environ.get("NOVA_LITE_CONCURRENCY")
        or _configured(list(sys.argv[1:] if argv is None else argv))
    )


def _configured(argv: list[str]) -> str:
    from oslo_config import cfg

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-file", action="append", default=[])
    parser.add_argument("--config-dir", action="append", default=[])
    known, _ = parser.parse_known_args(argv)
    conf = cfg.ConfigOpts()
    conf.register_opts(
        [cfg.StrOpt("concurrency", default=EVENTLET)],
    )
    args = []
    for name in known.config_file:
        args += ["--config-file", name]
    for name in known.config_dir:
        args += ["--config-dir", name]
    conf(args, project="nova_lite", prog="nova-lite")
    return str(conf.concurrency)


def native(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking C call without stopping the other green threads."""
    if _mode == EVENTLET:
        from eventlet import tpool

        return tpool.execute(fn, *args, **kwargs)  # type: ignore[no-any-return]
    return fn(*args, **kwargs)


def pool(size: int) -> Executor:
    """A bounded executor of the mode's kind of thread."""
    import futurist

    if _mode == EVENTLET:
        return futurist.GreenThreadPoolExecutor(max_workers=size)
    return futurist.ThreadPoolExecutor(max_workers=size)


def spawn(fn: Callable[..., Any], *args: Any, name: str = "") -> None:
    """Run in a daemon thread of the mode's kind; the result is dropped."""
    threading.Thread(
        target=fn, args=args, name=name or None, daemon=True
    ).start()


def original(module: str) -> Any:
    """The unpatched module, for code that runs in a native thread."""
    if _mode == EVENTLET:
        from eventlet import patcher

        return patcher.original(module)
    import importlib

    return importlib.import_module(module)


class NativeMailbox:
    """Items put by a native thread, handled one by one by a green thread.

    Under eventlet a native thread must not touch green primitives: it writes
    a byte into a pipe, and a green thread that waits for the pipe takes the
    item from a native queue.
    """

    def __init__(self, handler: Callable[[Any], None]) -> None:
        self._handler = handler
        self._queue: Any = original("queue").Queue()
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._write_fd, False)
        spawn(self._drain, name="native-mailbox")

    def put(self, item: Any) -> None:
        """Called in the native thread; never blocks."""
        self._queue.put(item)
        try:
            original("os").write(self._write_fd, b"x")
        except BlockingIOError:
            return  # the pipe is full of wake-ups already

    def _drain(self) -> None:
        if _mode == EVENTLET:
            from eventlet.greenio import GreenPipe

            reader: Any = GreenPipe(self._read_fd, "rb", 0)
        else:
            reader = os.fdopen(self._read_fd, "rb", 0)
        while reader.read(1):
            while not self._queue.empty():
                self._handler(self._queue.get_nowait())


def exit_after(seconds: float, status: int = 1) -> None:
    """End this process hard unless it ends by itself before."""
    native_threading = original("threading")
    native_time = original("time")

    def end() -> None:
        native_time.sleep(seconds)
        os._exit(status)

    native_threading.Thread(target=end, daemon=True).start()


_LOOP_BEAT_S = 15
_LOOP_STUCK_S = 120
_watching = False


def watch_loop() -> None:
    """End this process when its event loop is stuck; a supervisor restarts.

    A native thread looks whether a green one still gets its turn. Under
    native threads there is no loop that could stick.
    """
    global _watching
    if _mode != EVENTLET or _watching:
        return
    _watching = True
    native_time = original("time")
    beat = [native_time.monotonic()]

    def beats() -> None:
        import time

        while True:
            beat[0] = native_time.monotonic()
            time.sleep(_LOOP_BEAT_S)

    def watches() -> None:
        import faulthandler

        seen, same = beat[0], 0
        while same < _LOOP_STUCK_S // _LOOP_BEAT_S:
            # Looks are counted, not seconds: a machine that was suspended
            # has missed the seconds without being stuck.
            native_time.sleep(_LOOP_BEAT_S)
            seen, same = beat[0], same + 1 if beat[0] == seen else 0
        faulthandler.dump_traceback(all_threads=True)
        os._exit(70)

    spawn(beats, name="loop-beat")
    original("threading").Thread(target=watches, daemon=True).start()
