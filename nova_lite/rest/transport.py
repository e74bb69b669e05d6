# SPDX-License-Identifier: Apache-2.0
"""HTTP without a network: a ``requests`` transport onto a WSGI application.

The API process reaches its own embedded services through this, in the thread
of the request that needs them. Everything above (the client, the tokens) and
below (middleware, handlers) is what it would be over a socket.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from oslo_context import context as oslo_context
from requests import adapters
from urllib3 import HTTPHeaderDict, HTTPResponse

WSGIApp = Callable[..., Iterable[bytes]]


class WSGITransport(adapters.BaseAdapter):
    """Answers the requests of a session from an application."""

    def __init__(self, app: WSGIApp) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Run the application for one request."""
        status, headers, body = self._call(_environ(request))
        raw = HTTPResponse(
            body=_Body(body),
            headers=HTTPHeaderDict(headers),
            status=int(status.split(" ", 1)[0]),
            reason=status.partition(" ")[2],
            preload_content=False,
        )
        # requests' own adapter is the one who knows how to wrap this.
        response = adapters.HTTPAdapter().build_response(request, raw)
        if not stream:
            response.content  # noqa: B018 - reads and keeps the body
        return response

    def close(self) -> None:
        """Nothing is held between requests."""

    def _call(
        self, environ: dict[str, Any]
    ) -> tuple[str, list[tuple[str, str]], Iterable[bytes]]:
        started: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _exc: Any = None
        ) -> None:
            started[:] = [status, headers]

        # The inner request makes itself the thread's context, for the logs.
        outer = oslo_context.get_current()
        try:
            body = self._app(environ, start_response)
        finally:
            if outer is not None:
                outer.update_store()
        return started[0], started[1], body


class _Body(io.RawIOBase):
    """The application's chunks as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._close = getattr(chunks, "close", None)
        self._chunks: Iterator[bytes] = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if self._close is not None and not self.closed:
            self._close()
        super().close()


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    url = urlsplit(str(request.url))
    port = url.port or (443 if url.scheme == "https" else 80)
    source = _input(request.body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": source,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = text
    return environ


def _input(body: Any) -> Any:
    if body is None:
        return io.BytesIO()
    if isinstance(body, str):
        return io.BytesIO(body.encode())
    if isinstance(body, bytes):
        return io.BytesIO(body)
    if hasattr(body, "read"):
        return body
    return io.BufferedReader(_Body(body))
