# SPDX-License-Identifier: Apache-2.0
"""Requests to a network service: how they are sent, and lists read.

The base of the client's parts. openstacksdk's network proxy says where the
service is and with which token; bodies are read as JSON, and not as the
proxy's resources, which would hide what this client passes on. The SDK is
imported at the first request.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from oslo_config import cfg

from nova_lite import exception
from nova_lite.network import answers, api

if TYPE_CHECKING:
    from nova_lite.rest import session

CONF = cfg.CONF

Row = dict[str, Any]

_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ID |= frozenset("0123456789-_")
# Ids in one query: more would be longer than servers take a URL to be.
_CHUNK = 150


class Service(api.NetworkAPI):
    """What is asked of the service as it is, for callers and the parts."""

    def __init__(self) -> None:
        self._extensions: frozenset[str] = frozenset()
        self._extensions_until = 0.0
        self._lock = threading.Lock()

    @functools.cached_property
    def _sessions(self) -> session.Sessions:
        from nova_lite.rest import session

        neutron = CONF.neutron
        return session.Sessions(
            session.Service(
                kind="network",
                version="/v2.0",
                proxy="openstack.network.v2._proxy",
                group="neutron",
                endpoint_override=neutron.endpoint_override,
                region_name=neutron.region_name,
                valid_interfaces=neutron.valid_interfaces,
                retries=neutron.http_retries,
                timeout_s=neutron.timeout,
                cafile=neutron.cafile,
                insecure=neutron.insecure,
            )
        )

    def serve_locally(self, path: str, app: Any) -> None:
        from nova_lite.rest import transport

        self._sessions.serve_locally(path, transport.WSGITransport(app))

    def exists(self, context: api.Context) -> bool:
        from nova_lite.rest import session

        with session.translated("network", exception.NetworkError):
            return self._sessions.exists(context)

    def has_extension(self, context: api.Context, alias: str) -> bool:
        with self._lock:
            if time.monotonic() < self._extensions_until:
                return alias in self._extensions
        found = self._all(context, "extensions", {"fields": "alias"})
        with self._lock:
            self._extensions = frozenset(row["alias"] for row in found)
            self._extensions_until = (
                time.monotonic() + CONF.neutron.extension_sync_interval
            )
            return alias in self._extensions

    def networks(
        self, context: api.Context, filters: Mapping[str, Any] | None = None
    ) -> list[Row]:
        return self._all(context, "networks", filters)

    def ports(
        self, context: api.Context, filters: Mapping[str, Any]
    ) -> list[Row]:
        return self._all(context, "ports", filters)

    def port(self, context: api.Context, port_id: str) -> Row:
        return self._port(context, port_id)

    def floating_ips(
        self, context: api.Context, filters: Mapping[str, Any] | None = None
    ) -> list[Row]:
        return self._all(context, "floatingips", filters)

    def security_groups(
        self, context: api.Context, filters: Mapping[str, Any] | None = None
    ) -> list[Row]:
        return self._all(context, "security-groups", filters)

    def call(
        self,
        context: api.Context,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        return self._send(context, method, path, body)

    # --- for the parts ---

    def _send(
        self,
        context: api.Context,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        as_account: bool = False,
        for_show: bool = False,
    ) -> Any:
        """One request; the answer's body, or None where there is none.

        ``for_show``: the caller can do without and does not wait for long.
        Raises: the domain error that the answer means.
        """
        from nova_lite.rest import session

        more: dict[str, Any] = {"headers": dict(headers or {})}
        if body is not None:
            more["json"] = body
        # A POST may have been done though nobody heard so: no second one.
        once = for_show or method == "POST"
        retries = 0 if once else CONF.neutron.http_retries
        if for_show:
            more["timeout"] = CONF.neutron.list_timeout
        with session.translated("network", exception.NetworkError):
            proxy = self._sessions.proxy(context, as_account)
            answer = proxy.request(
                path,
                method,
                params=_wire(params),
                connect_retries=retries,
                status_code_retries=retries,
                global_request_id=context.global_id,
                **more,
            )
        found = _json(answer)
        if answer.status_code >= 400:
            account = as_account or not context.auth_token
            raise answers.error_of(answer.status_code, found, path, account)
        return found

    def _all(
        self,
        context: api.Context,
        collection: str,
        filters: Mapping[str, Any] | None = None,
        *,
        as_account: bool = False,
        for_show: bool = False,
    ) -> list[Row]:
        """A whole list, however many pages it has."""
        key = collection.replace("-", "_")
        params: Mapping[str, Any] | None = filters
        found: list[Row] = []
        while True:
            page = self._send(
                context,
                "GET",
                f"/{collection}",
                params=params,
                as_account=as_account,
                for_show=for_show,
            )
            if not isinstance(page, dict) or key not in page:
                raise exception.NetworkError(
                    reason=f"its list of {collection} is none: see whether "
                    "the endpoint in the catalogue is that of Neutron"
                )
            found += page[key]
            onward = [
                link["href"]
                for link in page.get(f"{key}_links", ())
                if link["rel"] == "next"
            ]
            if not onward or not page[key]:
                return found
            params = _query(onward[0])

    def _among(
        self,
        context: api.Context,
        collection: str,
        field: str,
        values: Collection[str],
        *,
        as_account: bool = False,
        for_show: bool = False,
        **filters: Any,
    ) -> list[Row]:
        """The rows whose field has one of the values; none asks nobody."""
        found: list[Row] = []
        for chunk in _chunks(sorted(set(values))):
            found += self._all(
                context,
                collection,
                {**filters, field: chunk},
                as_account=as_account,
                for_show=for_show,
            )
        return found

    def _port(
        self, context: api.Context, port_id: str, *, as_account: bool = False
    ) -> Row:
        if not is_id(port_id):
            raise exception.PortNotFound(port_id=port_id)
        path = f"/ports/{port_id}"
        found = self._send(context, "GET", path, as_account=as_account)
        port: Row = found["port"]
        return port

    def _ports_of(
        self, context: api.Context, uuid: str, *, as_account: bool = False
    ) -> list[Row]:
        """The ports of a server, the oldest first."""
        found = self._all(
            context, "ports", {"device_id": uuid}, as_account=as_account
        )
        return sorted(found, key=lambda port: port.get("created_at") or "")

    def _update_port(
        self,
        context: api.Context,
        port_id: str,
        *,
        headers: Mapping[str, str] | None = None,
        as_account: bool = False,
        **values: Any,
    ) -> Row:
        found = self._send(
            context,
            "PUT",
            f"/ports/{port_id}",
            {"port": values},
            headers=headers,
            as_account=as_account,
        )
        port: Row = found["port"]
        return port


def is_id(text: str) -> bool:
    """Whether a text may go into a path; whatever may not is no id."""
    return bool(text) and set(text) <= _ID


def _wire(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Filters as a query: texts; a list asks for any of its values."""
    return {
        name: [_text(one) for one in value]
        if isinstance(value, list | tuple | set | frozenset)
        else _text(value)
        for name, value in (params or {}).items()
    }


def _text(value: Any) -> str:
    return str(value) if not isinstance(value, bool) else str(value).lower()


def _query(address: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(urlsplit(address).query):
        found.setdefault(name, []).append(value)
    return found


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(values), _CHUNK):
        yield values[begin : begin + _CHUNK]


def _json(answer: Any) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        return None
