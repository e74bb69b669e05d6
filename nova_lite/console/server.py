# SPDX-License-Identifier: Apache-2.0
"""A console proxy's socket: connections, each in a thread; TLS; its end.

Made by ``nova_lite.cmd.novncproxy`` and ``nova_lite.cmd.serialproxy``, run by
``nova_lite.service.serve``.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import concurrency, exception, rpc
from nova_lite.conductor import api as conductor_api
from nova_lite.console.token import Keys
from nova_lite.console.websocketproxy import Handler
from nova_lite.objects import base as objects_base
from nova_lite.objects.console_auth_token import ConsoleAuthToken

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

# The first byte of TLS; no HTTP request begins so.
_TLS_HELLO = b"\x16"
_MINIMUM = {
    "tlsv1_2": ssl.TLSVersion.TLSv1_2,
    "tlsv1_3": ssl.TLSVersion.TLSv1_3,
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a proxy opens, and where it listens; ``web``: pages or none."""

    binary: str
    console_type: str
    host: str
    port: int
    web: str = ""


class ProxyServer:
    """One proxy. It has the attributes that websockify's handlers read."""

    verbose = False
    file_only = True
    handler_id = 0
    # Seconds between pings: whatever is between must not think it idle.
    heartbeat = 30
    token_plugin = None
    auth_plugin = None
    logger = LOG

    def __init__(self, place: Place) -> None:
        """Bind at once, so that a port in use is told at once.

        Raises: ConfigurationError for TLS that cannot be.
        """
        self._place = place
        self.web = place.web if os.path.isdir(place.web) else ""
        self.only_upgrade = not self.web
        self.allowed_origins = frozenset(CONF.console.allowed_origins)
        self.enforce_session_timeout: bool = (
            CONF.consoleauth.enforce_session_timeout
        )
        self._ssl_only: bool = CONF.ssl_only
        self._tls = _tls_context()
        self._keys: Keys
        self._room = threading.BoundedSemaphore(CONF.console.max_connections)
        self._open: set[socket.socket] = set()
        self._listener = _bind(place)
        self._gone = threading.Event()

    # --- its life ---

    def start(self) -> None:
        """Take connections from now on."""
        if self._place.web and not self.web:
            LOG.warning(
                "No pages are served: there is no directory %s. Install "
                "noVNC, or set web in [DEFAULT].",
                self._place.web,
            )
        rpc.init(objects_base.NovaObjectSerializer())
        conductor_api.use_conductor(wait=False)
        self._keys = Keys(self._place.console_type)
        self._listener.listen(128)
        concurrency.spawn(self._accept, name="accept")
        concurrency.watch_loop()
        LOG.info(
            "%s is ready on %s:%s",
            self._place.binary,
            *self._listener.getsockname()[:2],
        )

    def stop(self, graceful: bool = False) -> None:
        """Close all consoles: no proxy can hand them to its successor."""
        self._gone.set()
        for sock in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait(self) -> None:
        """Return when ``stop`` was called."""
        self._gone.wait()

    def reset(self) -> None:
        """Nothing is kept that may change while running."""

    # --- for the handler ---

    def redeem(self, token: str) -> ConsoleAuthToken:
        """Use a token up. Raises: as Keys.redeem."""
        return self._keys.redeem(token)

    # --- connections ---

    def _accept(self) -> None:
        while not self._gone.is_set():
            try:
                sock, address = self._listener.accept()
            except OSError as error:
                if not self._gone.is_set():
                    LOG.error("No connection can be taken: %s", error)
                    time.sleep(0.5)  # no file descriptors: some will end
                continue
            if not self._room.acquire(blocking=False):
                LOG.warning(
                    "%s was sent away: there are as many connections as "
                    "[console] max_connections lets be",
                    address[0],
                )
                sock.close()
                continue
            concurrency.spawn(self._serve, sock, address, name="console")

    def _serve(self, sock: socket.socket, address: Any) -> None:
        self._open.add(sock)
        served = sock
        try:
            sock.settimeout(Handler.timeout)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            served = self._secured(sock)
            self._open.add(served)
            Handler(served, address, self)
        except OSError as error:
            LOG.debug("%s: %s", address[0], error)
        except Exception:
            # A fault of ours in one connection is the end of that one.
            LOG.exception("A connection of %s failed", address[0])
        finally:
            self._open -= {sock, served}
            served.close()
            self._room.release()

    def _secured(self, sock: socket.socket) -> socket.socket:
        """The same with TLS, if the client begins with it.

        Raises: OSError.
        """
        if self._tls is None:
            return sock
        if sock.recv(1, socket.MSG_PEEK) == _TLS_HELLO:
            return self._tls.wrap_socket(sock, server_side=True)
        if self._ssl_only:
            raise OSError("a connection without TLS is refused")
        return sock


def _tls_context() -> ssl.SSLContext | None:
    if not CONF.cert:
        if CONF.ssl_only:
            raise exception.ConfigurationError(
                reason="ssl_only is set, so cert must be set too"
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(CONF.cert, CONF.key or None)
        if CONF.console.ssl_ciphers:
            context.set_ciphers(CONF.console.ssl_ciphers)
    except OSError as error:
        raise exception.ConfigurationError(
            reason=f"cert {CONF.cert} and key {CONF.key} cannot be used "
            f"({error.strerror or error})"
        ) from error
    minimum = _MINIMUM.get(CONF.console.ssl_minimum_version)
    if minimum is not None:
        context.minimum_version = minimum
    return context


def _bind(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((place.host, place.port))
    except OSError as error:
        sys.exit(
            f"{place.binary} cannot listen on {place.host}:{place.port}: "
            f"{error.strerror}. Choose another port, or stop what uses it."
        )
    return sock
