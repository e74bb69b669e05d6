# SPDX-License-Identifier: Apache-2.0
"""Serves a WSGI application on a socket, on green or on native threads.

Started by ``nova_lite.service`` in the API process; the applications see
only ``long_answer``.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from nova_lite import concurrency

_SILENT_CLIENT_MS = 30_000
# How long the ends of long answers may take to go out when a server stops.
_LAST_WORDS_S = 3
_LONG_ANSWER = "nova_lite.long_answer"

Environ = dict[str, Any]
App = Callable[..., Any]
Room = Callable[[Environ], contextlib.AbstractContextManager[None]]


def serve(sock: Any, app: App, threads: int, log: Any) -> Callable[[], None]:
    """Serve ``app`` on a listening socket in the background.

    eventlet's own server in eventlet mode, cheroot's thread pool else.
    Returns the function that stops it: no new connection is taken, those
    being answered are finished.
    """
    # Head and body go out in two writes; without this the second one waits
    # 40 ms for the client's delayed acknowledgement of the first.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if concurrency.mode() == concurrency.EVENTLET:
        return _serve_green(sock, app, threads, log)
    return _serve_native(sock, app, threads, log)


def long_answer(environ: Environ) -> contextlib.AbstractContextManager[None]:
    """While inside, an answer goes on that may take hours.

    It takes no worker away from other requests, what it yields goes out at
    once, and a client that reads nothing is cut off. A server that is not
    ours (uwsgi, gunicorn) does as it is configured.
    """
    room: Room | None = environ.get(_LONG_ANSWER)
    return contextlib.nullcontext() if room is None else room(environ)


def _with_room(app: App, room: Room) -> App:
    def wrapped(environ: Environ, start_response: Any) -> Any:
        environ[_LONG_ANSWER] = room
        return app(environ, start_response)

    return wrapped


# --- green threads ----


def _serve_green(
    sock: Any, app: App, threads: int, log: Any
) -> Callable[[], None]:
    import eventlet
    import eventlet.wsgi

    green_pool = eventlet.GreenPool(threads)
    long_sockets: set[Any] = set()
    room = functools.partial(_green_room, green_pool, long_sockets)
    server = eventlet.spawn(
        eventlet.wsgi.server,
        sock,
        _with_room(app, room),
        custom_pool=green_pool,
        log=log,
        log_output=False,
        debug=False,
        socket_timeout=None,
        keepalive=True,
    )

    def stop() -> None:
        server.kill()
        green_pool.resize(0)
        with eventlet.Timeout(_LAST_WORDS_S, False):
            green_pool.waitall()
        # Their applications have ended them; who is still there writes to a
        # client that reads nothing.
        for one in tuple(long_sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with eventlet.Timeout(30, False):
            green_pool.waitall()

    return stop


@contextlib.contextmanager
def _green_room(
    green_pool: Any, sockets: set[Any], environ: Environ
) -> Iterator[None]:
    environ["eventlet.minimum_write_chunk_size"] = 1
    # eventlet's server waits for ever for a client that reads nothing;
    # cheroot's sockets have a time-out.
    used = environ["eventlet.input"].get_socket()
    used.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENT_CLIENT_MS
    )
    sockets.add(used)
    green_pool.resize(green_pool.size + 1)
    try:
        yield
    finally:
        sockets.discard(used)
        if green_pool.size:  # 0: the server stops
            green_pool.resize(green_pool.size - 1)


# --- native threads ----


def _serve_native(
    sock: Any, app: App, threads: int, log: Any
) -> Callable[[], None]:
    from cheroot import wsgi

    server: Any = wsgi.Server(
        sock.getsockname()[:2],
        _with_room(app, lambda environ: room.taken()),
        numthreads=min(threads, 64),
        # Else SERVER_NAME would be cheroot's version.
        server_name=sock.getsockname()[0],
    )
    room = _NativeRoom(server.requests)
    server.socket = sock
    server.error_log = lambda msg="", level=20, traceback=False: log.debug(msg)
    # The socket is bound already (workers share it): prepare() would bind
    # again, so cheroot is told by its own systemd-style socket argument.
    server.bind_addr = sock.getsockname()[:2]
    server.prepare = _prepare_without_bind(server)
    server.prepare()
    concurrency.spawn(server.serve, name="wsgi")
    stop: Callable[[], None] = server.stop
    return stop


class _NativeRoom:
    """Threads of cheroot's pool for long answers, beside its own.

    They stay when the answers have ended: as many as there were at most.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._taken = self._made = 0

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """One of them, made when there is none."""
        with self._lock:
            self._taken += 1
            if self._taken > self._made:
                self._pool.grow(1)
                self._made += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1


def _prepare_without_bind(server: Any) -> Callable[[], None]:
    def prepare() -> None:
        from cheroot import connections

        server.socket.settimeout(1)
        server._connections = connections.ConnectionManager(server)
        server.requests.start()
        server.ready = True
        server._start_time = time.time()

    return prepare
