# SPDX-License-Identifier: Apache-2.0
"""Whose token, and which address: one proxy of the SDK per request.

A context with a token (in the API process) acts as its user, at the endpoint
of its own catalogue; any other context acts as the account of [service_user],
and so does what only an administrator may do.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keystoneauth1 import noauth, plugin, token_endpoint
from keystoneauth1 import session as ks_session
from keystoneauth1.access import service_catalog
from keystoneauth1.identity import v3
from oslo_config import cfg

from nova_lite import context as nova_context
from nova_lite import exception

CONF = cfg.CONF
# Stands for this process; no name server knows a name in .invalid.
_LOCAL = "http://nova-lite-api.invalid"


@dataclass(frozen=True, slots=True)
class Service:
    """A service, and how it is to be reached.

    ``kind``: its type in the catalogue; ``version``: what its addresses end
    in; ``proxy``: the module of the SDK's proxy; ``group``: the options that
    the other values come from, for what a user is told.
    """

    kind: str
    version: str
    proxy: str
    group: str
    endpoint_override: str | None
    region_name: str | None
    valid_interfaces: list[str]
    retries: int
    timeout_s: int
    cafile: str | None
    insecure: bool


class Sessions:
    """Connections and the daemon's own token, kept for the process."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._connection: Any = None
        self._account: Any = None
        self._local: str | None = None
        # The proxy asks its session for a plugin before it takes the one it
        # is given; this one gives nobody's token.
        self._session = ks_session.Session(
            auth=noauth.NoAuth(),
            verify=_verify(service.insecure, service.cafile),
            timeout=service.timeout_s,
        )
        self._account_session = account_session(service.timeout_s)

    def serve_locally(self, path: str, adapter: Any) -> None:
        """Have an adapter answer, unless the options name an endpoint."""
        self._session.session.mount(_LOCAL, adapter)
        self._local = _LOCAL + path

    def proxy(
        self, context: nova_context.RequestContext, as_account: bool = False
    ) -> Any:
        """A proxy that acts for the context, or as the daemons' account.

        Raises: ServiceUnavailable without an endpoint or an account.
        """
        if context.auth_token and not as_account:
            address = self._versioned(self._fixed() or self._listed(context))
            auth: Any = token_endpoint.Token(address, context.auth_token)
        else:
            auth = self._service_account()
            address = self._versioned(self._fixed() or self._of_account(auth))
        return self._proxy(auth, address, context.global_id)

    def exists(self, context: nova_context.RequestContext) -> bool:
        """Whether there is an address of the service for the context."""
        if self._fixed():
            return True
        if context.auth_token:
            return bool(self._listed(context))
        if not CONF.service_user.auth_url:
            return False
        return bool(self._of_account(self._service_account()))

    def _fixed(self) -> str | None:
        return self._service.endpoint_override or self._local

    def _proxy(self, auth: Any, address: str, request_id: str) -> Any:
        service = self._service
        made = importlib.import_module(service.proxy).Proxy(
            self._session,
            auth=auth,
            service_type=service.kind,
            endpoint_override=address,
            global_request_id=request_id,
            connect_retries=service.retries,
            status_code_retries=service.retries,
            retriable_status_codes=[503],
        )
        made._connection = self._sdk_connection()
        return made

    def _sdk_connection(self) -> Any:
        """The proxy takes its (unused) cache settings from a Connection."""
        with self._lock:
            if self._connection is None:
                from openstack import connection

                self._connection = connection.Connection(session=self._session)
        return self._connection

    def _wanted(self) -> Mapping[str, Any]:
        return {
            "service_type": self._service.kind,
            "interface": self._service.valid_interfaces,
            "region_name": self._service.region_name,
        }

    def _listed(self, context: nova_context.RequestContext) -> str | None:
        rows = context.service_catalog
        old_form = any(
            "publicURL" in endpoint
            for row in rows
            for endpoint in row.get("endpoints", ())
        )
        kind: Any = (
            service_catalog.ServiceCatalogV2
            if old_form
            else service_catalog.ServiceCatalogV3
        )
        found = kind(rows).get_endpoints_data(**self._wanted())
        endpoints = [e for group in found.values() for e in group]
        return endpoints[0].url if endpoints else None

    def _service_account(self) -> Any:
        with self._lock:
            if self._account is None:
                self._account = _Account(
                    self._account_session, account(self._service.kind)
                )
            return self._account

    def _of_account(self, auth: Any) -> str | None:
        found: str | None = auth.get_endpoint(self._session, **self._wanted())
        return found

    def _versioned(self, address: str | None) -> str:
        if not address:
            raise exception.ServiceUnavailable(
                reason=f"the catalogue has no endpoint of the "
                f"{self._service.kind} service in this region; "
                f"[{self._service.group}] endpoint_override can name one"
            )
        address = address.rstrip("/")
        version = self._service.version
        return address if address.endswith(version) else address + version


class _Account(plugin.BaseAuthPlugin):
    """The account's own plugin, over the account's own TLS settings."""

    def __init__(self, session: Any, inner: Any) -> None:
        super().__init__()
        self._own_session = session
        self._inner = inner

    def get_token(self, session: Any) -> Any:
        return self._inner.get_token(self._own_session)

    def get_endpoint(self, session: Any, **kwargs: Any) -> Any:
        return self._inner.get_endpoint(self._own_session, **kwargs)

    def invalidate(self) -> Any:
        return self._inner.invalidate()


def account_session(timeout_s: float) -> Any:
    """A session with the TLS settings of [service_user]."""
    user = CONF.service_user
    return ks_session.Session(
        verify=_verify(user.insecure, user.cafile), timeout=timeout_s
    )


def account(kind: str = "identity") -> Any:
    """The account of [service_user] as keystoneauth's plugin.

    ``kind``: the service that it is for, for the sentence of the error.
    Raises: ServiceUnavailable when there is none.
    """
    user = CONF.service_user
    if not user.auth_url:
        raise exception.ServiceUnavailable(
            reason="[service_user] auth_url is not set, so this daemon has "
            f"no account with which to reach the {kind} service"
        )
    if user.auth_type == "v3applicationcredential":
        return v3.ApplicationCredential(
            user.auth_url,
            application_credential_id=user.application_credential_id,
            application_credential_secret=user.application_credential_secret,
        )
    return v3.Password(
        user.auth_url,
        username=user.username,
        password=user.password,
        user_domain_id=user.user_domain_id,
        project_name=user.project_name,
        project_domain_id=user.project_domain_id,
    )


@contextlib.contextmanager
def translated(
    kind: str, otherwise: type[exception.Internal]
) -> Iterator[None]:
    """Make the client library's errors ours.

    Raises: ServiceUnavailable when the service or the account's login does
    not answer; ``otherwise``, with its reason, for what is left.
    """
    import requests
    from keystoneauth1 import exceptions as ks_exc

    try:
        yield
    except (ks_exc.ConnectionError, requests.ConnectionError) as error:
        raise exception.ServiceUnavailable(
            reason=f"the {kind} service does not answer ({error})"
        ) from error
    except ks_exc.HttpError as error:
        raise exception.ServiceUnavailable(
            reason="the identity service refused the account of "
            f"[service_user]: {error.message}"
        ) from error
    except ks_exc.ClientException as error:
        raise otherwise(reason=str(error)) from error


def _verify(insecure: bool, cafile: str | None) -> bool | str:
    return False if insecure else (cafile or True)
