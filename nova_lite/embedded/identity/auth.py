# SPDX-License-Identifier: Apache-2.0
"""The ``embedded`` strategy: tokens of the identity service in this process.

Loaded by api/openstack/auth.py in nova-lite-api. A token costs one statement
and no HTTP request; the catalogue is made without SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import application_uri

from nova_lite import exception
from nova_lite.api.openstack import auth
from nova_lite.api.openstack.faults import WSGIApp
from nova_lite.api.openstack.request import CONTEXT, EXPIRES_AT
from nova_lite.context import RequestContext
from nova_lite.embedded.identity.catalog import Catalog
from nova_lite.embedded.identity.store import Store

# A socket that is bound to every address is reached by these.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104


class EmbeddedAuth:
    """Validates tokens by the store."""

    def __init__(self) -> None:
        self._store = Store()
        self._catalog = Catalog()

    def wrap(self, app: WSGIApp) -> WSGIApp:
        """Return ``app`` behind the check of the token."""

        def wrapped(
            environ: dict[str, Any], start_response: Callable[..., Any]
        ) -> Iterable[bytes]:
            try:
                environ[CONTEXT] = self._context(environ)
            except exception.Unauthorized:
                url = self._catalog.address(_host_url(environ)) + "/identity"
                response = auth.unauthorized(url)
                return response(environ, start_response)  # type: ignore[no-any-return]
            return app(environ, start_response)

        return wrapped

    def project_exists(self, context: RequestContext, project_id: str) -> bool:
        """Look it up."""
        return self._store.project_exists(project_id)

    def _context(self, environ: dict[str, Any]) -> RequestContext:
        token = environ.get("HTTP_X_AUTH_TOKEN")
        if not token:
            raise exception.Unauthorized()
        found = self._store.validate(token)
        environ[EXPIRES_AT] = found.expires_at
        return auth.make_context(
            environ,
            roles=found.role_names,
            auth_token=token,
            user_id=found.user_id,
            user_name=found.user_name,
            user_domain_id=found.user_domain_id,
            user_domain_name=found.user_domain_name,
            project_id=found.project_id,
            project_name=found.project_name,
            project_domain_id=found.project_domain_id,
            project_domain_name=found.project_domain_name,
            domain_id=found.domain_id,
            domain_name=found.domain_name,
            service_catalog=self._catalog.v2(self._own_url(environ)),
        )

    def _own_url(self, environ: dict[str, Any]) -> str:
        """The address of the socket on which this request came in.

        What the API asks of its own services goes there: a Host header is
        the client's to invent, and must not say where a token is sent.
        """
        name, port = environ["SERVER_NAME"], environ["SERVER_PORT"]
        if not str(port).isdigit():
            # A Unix socket: only the configured address can be meant.
            return self._catalog.address("")
        host = f"[{name}]" if ":" in name else name
        return f"http://{_LOOPBACK.get(name, host)}:{port}"


def _host_url(environ: dict[str, Any]) -> str:
    """Scheme, host and port as the client asked for them."""
    bare = {**environ, "SCRIPT_NAME": ""}
    return application_uri(bare).rstrip("/")
