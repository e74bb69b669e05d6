# SPDX-License-Identifier: Apache-2.0
"""Who sends a request: from X-Auth-Token to a RequestContext.

A strategy wraps the applications that need to know; ``[api] auth_strategy``
names it, stevedore finds it under nova_lite.api.auth. It puts a
RequestContext into ``environ["nova.context"]`` or answers 401. The
strategies run in nova-lite-api, in the thread of the request.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import stevedore
import webob
import webob.exc
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.api.openstack.faults import WSGIApp
from nova_lite.api.openstack.middleware import GLOBAL_REQUEST_ID
from nova_lite.api.openstack.request import (
    CONTEXT,
    EXPIRES_AT,
    REQUEST_ID,
)
from nova_lite.context import RequestContext

LOG = logging.getLogger(__name__)
NAMESPACE = "nova_lite.api.auth"


class Strategy(Protocol):
    """A way to find out who asks."""

    def wrap(self, app: WSGIApp) -> WSGIApp:
        """Return ``app`` behind the check of the token."""
        ...

    def project_exists(self, context: RequestContext, project_id: str) -> bool:
        """Return False when there is surely no project of this id."""
        ...


def load(name: str) -> Strategy:
    """Make the strategy with this entry point name.

    Raises: ConfigurationError when there is none.
    """
    try:
        found: Any = stevedore.DriverManager(
            NAMESPACE,
            name,
            invoke_on_load=True,
            warn_on_missing_entrypoint=False,
        )
    except stevedore.exception.NoMatches as error:
        raise exception.ConfigurationError(
            reason=f"[api] auth_strategy = {name}: there is no entry point of "
            f"that name in {NAMESPACE}"
        ) from error
    strategy: Strategy = found.driver
    return strategy


def make_context(
    environ: dict[str, Any],
    *,
    roles: Sequence[str],
    **values: Any,
) -> RequestContext:
    """Make the request's context, with the ids that the middleware drew.

    ``values`` are RequestContext's arguments. ``service_catalog`` has the
    form in which keystonemiddleware hands it on: ``[{"type", "name",
    "endpoints": [{"region", "publicURL", "internalURL", "adminURL"}]}]``.
    """
    return RequestContext(
        roles=list(roles),
        is_admin="admin" in roles,
        request_id=environ.get(REQUEST_ID),
        global_request_id=environ.get(GLOBAL_REQUEST_ID),
        **values,
    )


def unauthorized(identity_url: str) -> webob.Response:
    """The 401 that a service behind keystonemiddleware gives."""
    body = {
        "error": {
            "code": 401,
            "title": "Unauthorized",
            "message": exception.Unauthorized.message,
        }
    }
    response = webob.Response(
        json.dumps(body).encode(),
        status=401,
        content_type="application/json",
        charset="UTF-8",
    )
    response.headers["WWW-Authenticate"] = f'Keystone uri="{identity_url}"'
    return response


class KeystoneAuth:
    """Tokens of a real Keystone, checked by keystonemiddleware.

    Its options are those of [keystone_authtoken].
    """

    def wrap(self, app: WSGIApp) -> WSGIApp:
        """Return ``app`` behind keystonemiddleware and the context."""
        # Here, since it registers options and brings a good deal along.
        from keystonemiddleware import auth_token

        class AuthToken(auth_token.AuthProtocol):  # type: ignore[misc]
            """Says in our form, and in which section, what went wrong."""

            def fetch_token(self, *args: Any, **kwargs: Any) -> Any:
                with _translated():
                    return super().fetch_token(*args, **kwargs)

        # By this type the access rules of application credentials name us.
        own = {"service_type": "compute"}
        return AuthToken(_context_from_headers(app), own)

    @functools.cached_property
    def _projects(self) -> Any:
        # Late, for the same reasons; by now its options are registered.
        from nova_lite.rest import identity

        return identity.Projects()

    def project_exists(self, context: RequestContext, project_id: str) -> bool:
        """Ask Keystone, with the user's token."""
        return bool(self._projects.exists(context, project_id))


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raises: ServiceUnavailable when Keystone cannot be asked."""
    from keystoneauth1 import exceptions as ks_exc
    from keystonemiddleware import auth_token

    try:
        yield
    except webob.exc.HTTPServiceUnavailable as error:
        cause = error.__context__
        if isinstance(cause, auth_token.ServiceError):
            LOG.error(
                "Keystone does not let this service check tokens (%s): "
                "correct the account in [keystone_authtoken]",
                cause,
            )
            raise exception.ServiceUnavailable(
                reason="the identity service refuses this service's own "
                "account; its administrator has to correct it"
            ) from error
        raise exception.ServiceUnavailable(
            reason="the identity service does not answer, so no token can "
            "be checked. Try again shortly"
        ) from error
    except ks_exc.ClientException as error:
        raise exception.ServiceUnavailable(
            reason="the identity service cannot be asked about the token: "
            f"{error}"
        ) from error


def _context_from_headers(app: WSGIApp) -> WSGIApp:
    def wrapped(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        def header(name: str) -> str | None:
            return environ.get(f"HTTP_X_{name}") or None

        roles = [
            role.strip()
            for role in (header("ROLES") or "").split(",")
            if role.strip()
        ]
        environ[EXPIRES_AT] = _expires_at(environ)
        environ[CONTEXT] = make_context(
            environ,
            roles=roles,
            auth_token=header("AUTH_TOKEN"),
            user_id=header("USER_ID"),
            user_name=header("USER_NAME"),
            user_domain_id=header("USER_DOMAIN_ID"),
            user_domain_name=header("USER_DOMAIN_NAME"),
            project_id=header("PROJECT_ID"),
            project_name=header("PROJECT_NAME"),
            project_domain_id=header("PROJECT_DOMAIN_ID"),
            project_domain_name=header("PROJECT_DOMAIN_NAME"),
            domain_id=header("DOMAIN_ID"),
            domain_name=header("DOMAIN_NAME"),
            service_catalog=json.loads(header("SERVICE_CATALOG") or "[]"),
        )
        return app(environ, start_response)

    return wrapped


def _expires_at(environ: Mapping[str, Any]) -> datetime.datetime | None:
    """When the token ends, by what keystonemiddleware has read of it."""
    token = environ.get("keystone.token_info", {}).get("token", {})
    text = token.get("expires_at")
    return datetime.datetime.fromisoformat(text) if text else None
