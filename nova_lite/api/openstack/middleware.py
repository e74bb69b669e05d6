# SPDX-License-Identifier: Apache-2.0
"""The WSGI middleware around every application of nova-lite-api.

Each is a function that takes an application and gives one; ``wsgi_app``
puts them in their order. They run in the thread of the request.
"""

from __future__ import annotations

import io
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import webob
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.api.openstack import faults
from nova_lite.api.openstack.faults import WSGIApp
from nova_lite.api.openstack.request import CONTEXT, REQUEST_ID

LOG = logging.getLogger(__name__)

GLOBAL_REQUEST_ID = "openstack.global_request_id"
_ID = re.compile(r"req-[0-9a-f-]{36}", re.IGNORECASE)

# What a check of health answers: at least {"ok": bool}.
HealthCheck = Callable[[], Mapping[str, Any]]


def proxy_headers(app: WSGIApp) -> WSGIApp:
    """Take scheme, host and prefix as the proxy in front was asked."""

    def wrapped(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        proto = environ.get("HTTP_X_FORWARDED_PROTO", "").lower()
        if proto in ("http", "https"):
            environ["wsgi.url_scheme"] = proto
        host = environ.get("HTTP_X_FORWARDED_HOST", "").split(",")[0].strip()
        if host:
            port = environ.get("HTTP_X_FORWARDED_PORT", "").strip()
            if port.isdigit() and ":" not in host:
                host = f"{host}:{port}"
            environ["HTTP_HOST"] = host
        prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
        if prefix:
            environ["SCRIPT_NAME"] = prefix + environ.get("SCRIPT_NAME", "")
        return app(environ, start_response)

    return wrapped


def request_id(app: WSGIApp) -> WSGIApp:
    """Give each request an id, and tell it in the answer's headers.

    An id that another service sent as X-OpenStack-Request-ID is kept as
    the global one, when it looks like one.
    """

    def wrapped(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        made = environ[REQUEST_ID] = f"req-{uuid.uuid4()}"
        sent = environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")
        if _ID.fullmatch(sent):
            environ[GLOBAL_REQUEST_ID] = sent

        def start(
            status: str, headers: list[tuple[str, str]], *rest: Any
        ) -> Any:
            names = {name.lower() for name, _ in headers}
            for name in ("X-Compute-Request-Id", "X-OpenStack-Request-ID"):
                if name.lower() not in names:
                    headers.append((name, made))
            return start_response(status, headers, *rest)

        return app(environ, start)

    return wrapped


def catch_errors(app: WSGIApp) -> WSGIApp:
    """Answer whatever went wrong below in Nova's form."""

    def wrapped(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception as error:
            # The last door: nothing may reach the server's own handler,
            # which would show a traceback.
            response = faults.from_exception(error, environ[REQUEST_ID])
            return response(environ, start_response)  # type: ignore[no-any-return]

    return wrapped


def log_requests(slow_s: float) -> Callable[[WSGIApp], WSGIApp]:
    """Log each request in a line: who, what, status, length, seconds."""

    def middleware(app: WSGIApp) -> WSGIApp:
        def wrapped(
            environ: dict[str, Any], start_response: Callable[..., Any]
        ) -> Iterable[bytes]:
            begun = time.monotonic()
            # Mounting moves parts of the path: taken before.
            path = environ.get("SCRIPT_NAME", "") + environ.get(
                "PATH_INFO", ""
            )

            def start(
                status: str, headers: list[tuple[str, str]], *rest: Any
            ) -> Any:
                took = time.monotonic() - begun
                log = LOG.warning if took >= slow_s else LOG.info
                log(
                    '%s "%s %s" status: %s len: %s microversion: %s '
                    "time: %.4f",
                    environ.get("REMOTE_ADDR", "-"),
                    environ.get("REQUEST_METHOD"),
                    path,
                    status.split(" ", 1)[0],
                    dict(headers).get("Content-Length", "-"),
                    dict(headers).get("OpenStack-API-Version", "-"),
                    took,
                )
                return start_response(status, headers, *rest)

            return app(environ, start)

        return wrapped

    return middleware


class _Limited(io.RawIOBase):
    """A body without a length: reading it stops at the limit."""

    def __init__(self, source: Any, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._seen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        self._seen += len(data)
        if self._seen > self._limit:
            raise exception.RequestTooLarge(limit=self._limit)
        buffer[: len(data)] = data
        return len(data)


def limit_body(limit: int) -> Callable[[WSGIApp], WSGIApp]:
    """Refuse bodies longer than ``limit`` bytes with 413."""

    def middleware(app: WSGIApp) -> WSGIApp:
        def wrapped(
            environ: dict[str, Any], start_response: Callable[..., Any]
        ) -> Iterable[bytes]:
            length = environ.get("CONTENT_LENGTH") or "0"
            if not (length.isascii() and length.isdigit()):
                response = faults.fault(400, "Content-Length is no number.")
                return response(environ, start_response)  # type: ignore[no-any-return]
            if int(length[:20]) > limit:
                raise exception.RequestTooLarge(limit=limit)
            if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", ""):
                body = io.BufferedReader(
                    _Limited(environ["wsgi.input"], limit)
                )
                data = body.read()
                environ["wsgi.input"] = io.BytesIO(data)
                environ["CONTENT_LENGTH"] = str(len(data))
            return app(environ, start_response)

        return wrapped

    return middleware


def require_context(app: WSGIApp) -> WSGIApp:
    """Answer 401 when no strategy has said who asks."""

    def wrapped(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ.get(CONTEXT) is None:
            response = faults.fault(401, exception.Unauthorized.message)
            return response(environ, start_response)  # type: ignore[no-any-return]
        return app(environ, start_response)

    return wrapped


def healthz(checks: Mapping[str, HealthCheck]) -> WSGIApp:
    """The open /healthz: 200 when every check is ok, else 503."""

    def app(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        found: dict[str, Any] = {}
        for name, check in checks.items():
            try:
                found[name] = dict(check())
            except Exception as error:
                # Whatever fails in a check is what the check is to tell.
                LOG.warning("Health check %s failed: %s", name, error)
                found[name] = {"ok": False, "error": type(error).__name__}
        healthy = all(item.get("ok", False) for item in found.values())
        response = webob.Response(
            json.dumps({"ok": healthy, **found}).encode(),
            status=200 if healthy else 503,
            content_type="application/json",
            charset="UTF-8",
        )
        return response(environ, start_response)  # type: ignore[no-any-return]

    return app
