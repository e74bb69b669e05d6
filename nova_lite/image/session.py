# SPDX-License-Identifier: Apache-2.0
"""Whose token, and which address: one image proxy per request.

A context with a token (in the API process) acts as its user, at the endpoint
of its own catalogue; any other context acts as the account of [service_user].
"""

from __future__ import annotations

import threading
from typing import Any

from keystoneauth1 import noauth, plugin, token_endpoint
from keystoneauth1 import session as ks_session
from keystoneauth1.access import service_catalog
from keystoneauth1.identity import v3
from oslo_config import cfg

from nova_lite import context as nova_context
from nova_lite import exception

CONF = cfg.CONF
_SERVICE_TYPE = "image"
# Stands for this process; no name server knows a name in .invalid.
_LOCAL = "http://nova-lite-api.invalid"


class Sessions:
    """Connections and the daemon's own token, kept for the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._account: Any = None
        self._local: str | None = None
        glance = CONF.glance
        # The proxy asks its session for a plugin before it takes the one it
        # is given; this one gives nobody's token.
        self._session = ks_session.Session(
            auth=noauth.NoAuth(),
            verify=_verify(glance.insecure, glance.cafile),
            timeout=glance.timeout_s,
        )
        self._account_session = account_session(glance.timeout_s)

    def serve_locally(self, path: str, adapter: Any) -> None:
        """Have an adapter answer, unless [glance] names an endpoint."""
        self._session.session.mount(_LOCAL, adapter)
        self._local = _LOCAL + path

    def proxy(self, context: nova_context.RequestContext) -> Any:
        """An image proxy that acts for the context.

        Raises: ServiceUnavailable without an endpoint or an account.
        """
        if context.auth_token:
            address = _versioned(self._fixed() or self._of_catalog(context))
            auth: Any = token_endpoint.Token(address, context.auth_token)
        else:
            auth = self._service_account()
            address = _versioned(self._fixed() or self._of_account(auth))
        return self._proxy(auth, address, context.global_id)

    def _fixed(self) -> str | None:
        return CONF.glance.endpoint_override or self._local

    def _proxy(self, auth: Any, address: str, request_id: str) -> Any:
        from openstack.image.v2 import _proxy

        made = _proxy.Proxy(
            self._session,
            auth=auth,
            service_type=_SERVICE_TYPE,
            endpoint_override=address,
            global_request_id=request_id,
            connect_retries=CONF.glance.num_retries,
            status_code_retries=CONF.glance.num_retries,
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

    def _of_catalog(self, context: nova_context.RequestContext) -> str | None:
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
        found = kind(rows).get_endpoints_data(
            service_type=_SERVICE_TYPE,
            interface=CONF.glance.valid_interfaces,
            region_name=CONF.glance.region_name,
        )
        endpoints = [e for group in found.values() for e in group]
        return endpoints[0].url if endpoints else None

    def _service_account(self) -> Any:
        with self._lock:
            if self._account is None:
                self._account = _Account(self._account_session, account())
        return self._account

    def _of_account(self, auth: Any) -> str | None:
        found: str | None = auth.get_endpoint(
            self._session,
            service_type=_SERVICE_TYPE,
            interface=CONF.glance.valid_interfaces,
            region_name=CONF.glance.region_name,
        )
        return found


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


def account() -> Any:
    """The account of [service_user] as keystoneauth's plugin.

    Raises: ServiceUnavailable when there is none.
    """
    user = CONF.service_user
    if not user.auth_url:
        raise exception.ServiceUnavailable(
            reason="[service_user] auth_url is not set, so this daemon has "
            "no account with which to reach the image service"
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


def _verify(insecure: bool, cafile: str | None) -> bool | str:
    return False if insecure else (cafile or True)


def _versioned(address: str | None) -> str:
    if not address:
        raise exception.ServiceUnavailable(
            reason="the catalogue has no endpoint of the image service in "
            "this region; [glance] endpoint_override can name one"
        )
    address = address.rstrip("/")
    return address if address.endswith("/v2") else f"{address}/v2"
