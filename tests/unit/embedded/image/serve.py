# SPDX-License-Identifier: Apache-2.0
"""The image service on a real socket, for tests.

``running`` serves it from the test's own process; as a program
(``python -m ... MODE DIRECTORY``) it is a process of its own, under eventlet
or threads, that a test can kill. A token is ``project`` or ``project:roles``.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

WSGIApp = Callable[..., Iterable[bytes]]


class TokenMiddleware:
    """Mounts the application at /KIND and believes every token.

    ``around`` lets a test stand between a request and the application. At
    /identity is a login: a user's token is its name, nova's that of a service.
    """

    def __init__(self, app: WSGIApp, kind: str = "image") -> None:
        self._app = app
        self._kind = kind
        self.url = ""
        self.logins = 0
        self.around: Callable[[WSGIApp, Any, Any], Iterable[bytes]] | None
        self.around = None

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/identity/v3/auth/tokens":
            return self._log_in(environ, start_response)
        if self.around is not None:
            return self.around(self._mounted, environ, start_response)
        return self._mounted(environ, start_response)

    def _log_in(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        self.logins += 1
        length = int(environ["CONTENT_LENGTH"])
        body = json.loads(environ["wsgi.input"].read(length))
        user = body["auth"]["identity"]["password"]["user"]
        status = "201 Created"
        if user["password"] != "secret":
            status = "401 Unauthorized"
        name = user["name"]
        token = {
            "user": {"id": "u", "name": name, "domain": {"id": "default"}},
            "methods": ["password"],
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "issued_at": "2020-01-01T00:00:00.000000Z",
            "catalog": catalog(self.url, self._kind),
        }
        start_response(
            status,
            [
                ("Content-Type", "application/json"),
                (
                    "X-Subject-Token",
                    "srv:service" if name == "nova-lite" else name,
                ),
            ],
        )
        return [json.dumps({"token": token}).encode()]

    def _mounted(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        mount = f"/{self._kind}"
        environ["SCRIPT_NAME"] = mount
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(mount)
        token = environ.get("HTTP_X_AUTH_TOKEN")
        if token:
            environ["nova.context"] = context_of(token)
        return self._app(environ, start_response)


def context_of(token: str, rows: list[Any] | None = None) -> Any:
    """The context that the middleware makes of a token."""
    from nova_lite import context

    project, _, roles = token.partition(":")
    names = roles.split(",") if roles else ["member", "reader"]
    return context.RequestContext(
        user_id=f"user-{project}",
        project_id=project,
        roles=names,
        is_admin="admin" in names,
        auth_token=token,
        service_catalog=rows,
    )


@dataclass(frozen=True)
class Server:
    """A running service."""

    url: str  # http://127.0.0.1:1/image
    app: TokenMiddleware
    kind: str = "image"

    @property
    def catalog(self) -> list[dict[str, Any]]:
        """A token's catalogue that names this server."""
        return catalog(self.url, self.kind)


def catalog(url: str, kind: str = "image") -> list[dict[str, Any]]:
    """A catalogue whose only service is this one."""
    endpoint = {
        "id": "e1",
        "interface": "public",
        "url": url,
        "region": "RegionOne",
        "region_id": "RegionOne",
    }
    return [{"type": kind, "name": kind, "endpoints": [endpoint]}]


def configure(directory: str) -> None:
    """Options and a fresh database, all below ``directory``."""
    from oslo_config import cfg

    from nova_lite import conf
    from nova_lite.db import models, session

    conf.register_opts(cfg.CONF)
    cfg.CONF([], project="nova_lite", default_config_files=[])
    cfg.CONF.set_override("state_path", directory)
    models.load_all()
    models.Base.metadata.create_all(session.engine())


@contextlib.contextmanager
def running(
    threads: int = 16, made: WSGIApp | None = None, kind: str = "image"
) -> Iterator[Server]:
    """Serve the image service, or another, on a free port of loopback."""
    from oslo_log import log as logging

    from nova_lite import wsgi_server
    from nova_lite.embedded.image import app as image_app

    app = TokenMiddleware(made or image_app.create_app(), kind)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        stop = wsgi_server.serve(
            sock, app, threads, logging.getLogger(__name__)
        )
        app.url = f"http://127.0.0.1:{sock.getsockname()[1]}/{kind}"
        try:
            yield Server(app.url, app, kind)
        finally:
            stop()


def main() -> None:
    """Serve until killed; the URL goes to standard output."""
    mode, directory = sys.argv[1:]
    from nova_lite import concurrency

    concurrency.setup(mode)
    configure(directory)
    with running() as server:
        print(server.url, flush=True)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
