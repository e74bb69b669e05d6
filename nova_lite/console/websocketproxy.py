# SPDX-License-Identifier: Apache-2.0
"""A websocket to a TCP port, for whoever has a token; and noVNC's page.

websockify does the protocol and the copying. A connection has a thread of
the process's kind. Whatever is refused is refused before the upgrade, so
that a client gets a status, and a sentence without reasons.
"""

from __future__ import annotations

import datetime
import socket
import threading
from typing import Any, Protocol, cast
from urllib import parse

from oslo_log import log as logging
from websockify import websocketproxy

from nova_lite import exception
from nova_lite.console import origin
from nova_lite.objects.console_auth_token import ConsoleAuthToken

LOG = logging.getLogger(__name__)

_CONNECT_S = 10


class Rules(Protocol):
    """What a handler asks of its server."""

    web: str
    allowed_origins: frozenset[str]
    enforce_session_timeout: bool

    def redeem(self, token: str) -> ConsoleAuthToken: ...


class _RefusedError(Exception):
    """(status, sentence)"""


class Handler(websocketproxy.ProxyRequestHandler):  # type: ignore[misc]
    """One connection."""

    server_version = "nova-lite"
    sys_version = ""
    # Seconds that a client may take for its request, or not read for.
    timeout = 30
    path: str

    @property
    def _rules(self) -> Rules:
        return cast(Rules, self.server)

    def handle_upgrade(self) -> None:
        """Let a websocket in that comes with a token, and serve it."""
        try:
            console, target = self._open()
        except _RefusedError as refused:
            status, sentence = refused.args
            LOG.info("%s: %s", self.client_address[0], sentence)
            self.send_error(status, sentence)
            return
        LOG.info(
            "%s has the %s console of %s",
            self.client_address[0],
            console.console_type,
            console.instance_uuid,
        )
        self._target = target
        self.path = parse.urlsplit(self.path).path  # it goes into the log
        watch = self._watch(console, target)
        try:
            super().handle_upgrade()
        except OSError as error:
            LOG.debug("A console's connection broke: %s", error)
        finally:
            if watch is not None:
                watch.cancel()
            target.close()
            LOG.info(
                "%s has left the console of %s",
                self.client_address[0],
                console.instance_uuid,
            )

    def new_websocket_client(self) -> None:
        """Copy both ways until either ends."""
        self.do_proxy(self._target)

    def _open(self) -> tuple[ConsoleAuthToken, socket.socket]:
        headers, rules = self.headers, self._rules
        page = headers.get("Origin")
        if not origin.is_allowed(
            page, headers.get("Host"), rules.allowed_origins
        ):
            raise _RefusedError(403, "Origin header does not match this host.")
        query = parse.parse_qs(parse.urlsplit(self.path).query)
        try:
            console = rules.redeem(query.get("token", [""])[-1])
        except exception.ConsoleTokenRefused as error:
            raise _RefusedError(403, error.format_message()) from None
        except exception.ServiceUnavailable as error:
            LOG.warning("A token could not be checked: %s", error)
            raise _RefusedError(
                503, "The token cannot be checked now: ask for another soon."
            ) from None
        if not origin.scheme_fits(
            page, headers.get("X-Forwarded-Proto"), console.access_url_base
        ):
            raise _RefusedError(
                403, "Origin header protocol does not match this host."
            )
        return console, self._connect(console)

    def _connect(self, console: ConsoleAuthToken) -> socket.socket:
        try:
            target = socket.create_connection(
                (console.host, console.port), _CONNECT_S
            )
        except OSError as error:
            LOG.warning(
                "The console of %s at %s:%s does not answer: %s",
                console.instance_uuid,
                console.host,
                console.port,
                error,
            )
            raise _RefusedError(502, "The console does not answer.") from None
        target.settimeout(None)
        for sock in (target, self.request):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return target

    def _watch(
        self, console: ConsoleAuthToken, target: socket.socket
    ) -> threading.Timer | None:
        """Cut the connection when the token's time is over, if asked to."""
        if not self._rules.enforce_session_timeout:
            return None
        left = console.expires_at - datetime.datetime.now(datetime.UTC)
        watch = threading.Timer(
            max(left.total_seconds(), 0), _cut, args=(target,)
        )
        watch.daemon = True
        watch.start()
        return watch

    def translate_path(self, path: str) -> str:
        """Below the pages' directory, whatever the path says."""
        self.directory = self._rules.web
        return str(super().translate_path(path))

    def send_head(self) -> Any:
        """A file, or what is said instead."""
        try:
            return super().send_head()
        except ValueError:  # no name of a file: it has a null in it
            self.send_error(404, "File not found")
            return None

    def end_headers(self) -> None:
        """The URL of the page has the token in it: tell it to nobody."""
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """What websockify has to say is for debugging."""
        LOG.debug("%s: %s", self.client_address[0], format % args)


def _cut(target: socket.socket) -> None:
    try:
        target.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        LOG.debug("A console had ended already: %s", error)
