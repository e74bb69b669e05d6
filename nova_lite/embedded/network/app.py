# SPDX-License-Identifier: Apache-2.0
"""The embedded network service: the Neutron v2.0 subset as an application.

nova-lite-api mounts ``create_app()`` under /network, behind the middleware
that puts ``nova.context`` into the environment; the version documents need
none (``with_open_versions``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.embedded import http
from nova_lite.embedded.network import extensions, providers
from nova_lite.embedded.network.agents import Agents
from nova_lite.embedded.network.auto_topology import AutoTopology
from nova_lite.embedded.network.collection import Collection
from nova_lite.embedded.network.floating_ips import FloatingIPs
from nova_lite.embedded.network.networks import Networks
from nova_lite.embedded.network.notify import (
    Notifier,
    Send,
    SendEvents,
)
from nova_lite.embedded.network.ports import Ports
from nova_lite.embedded.network.quotas import Quotas
from nova_lite.embedded.network.router_actions import RouterActions
from nova_lite.embedded.network.security_groups import (
    SecurityGroupRules,
    SecurityGroups,
)
from nova_lite.embedded.network.settings import Settings
from nova_lite.embedded.network.subnets import Subnets
from nova_lite.embedded.network.tags import Tags

CONF = cfg.CONF

WSGIApp = Callable[..., Iterable[bytes]]

COLLECTIONS: tuple[type[Collection], ...] = (
    Networks,
    Subnets,
    Ports,
    SecurityGroups,
    SecurityGroupRules,
    RouterActions,
    FloatingIPs,
)
_TAGGED = (
    Networks,
    Subnets,
    Ports,
    SecurityGroups,
    RouterActions,
    FloatingIPs,
)


class App(http.App):
    """The rows, with errors in Neutron's form."""

    def error_of(self, error: exception.NovaLiteException) -> Any:
        """The body of an error: its type is a name of Neutron's."""
        return {
            "NeutronError": {
                "type": _type_of(error),
                "message": error.format_message(),
                "detail": "",
            }
        }


def create_app(send: Send, events: SendEvents | None = None) -> App:
    """The application as [network] says.

    ``send`` hints to an agent; ``events`` tells a compute of its servers.
    """
    settings = Settings.of(CONF)
    notifier = Notifier(send, events)
    rows: list[http.Row] = [
        ("GET", "/", _versions),
        ("GET", "/v2.0", _resources),
        *extensions.rows(),
        *providers.rows(),
        *Quotas(settings).rows(),
        *Agents(settings).rows(),
        *AutoTopology(settings, notifier).rows(),
    ]
    for cls in COLLECTIONS:
        rows += cls(settings, notifier).rows()
    for cls in _TAGGED:
        rows += Tags(cls(settings, notifier)).rows()
    return App(rows, _error_body)


def with_open_versions(app: WSGIApp, guarded: WSGIApp) -> WSGIApp:
    """Serve the version documents to anybody, the rest to ``guarded``.

    Clients look the versions up before they have a token.
    """

    def choose(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").rstrip("/")
        is_open = path in ("", "/v2.0")
        return (app if is_open else guarded)(environ, start_response)

    return choose


def _error_body(_status: int, title: str, message: str) -> Any:
    """The body of what is no domain error."""
    kind = "HTTP" + "".join(title.split())
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


def _type_of(error: exception.NovaLiteException) -> str:
    cls = type(error)
    named = getattr(cls, "neutron_type", None)
    if named is not None:
        return str(named)
    if cls.__module__.startswith("nova_lite.network."):
        return cls.__name__
    return _BY_CODE.get(error.code, cls.__name__)


_BY_CODE = {
    400: "HTTPBadRequest",
    401: "HTTPUnauthorized",
    403: "PolicyNotAuthorized",
    404: "HTTPNotFound",
    409: "HTTPConflict",
    413: "HTTPRequestEntityTooLarge",
    503: "HTTPServiceUnavailable",
}


def _versions(request: http.Request) -> Any:
    link = {"rel": "self", "href": f"{request.application_url}/v2.0/"}
    return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}


def _resources(request: http.Request) -> Any:
    base = f"{request.application_url}/v2.0"
    return {
        "resources": [
            {
                "name": cls.resource.name,
                "collection": cls.resource.plural,
                "links": [
                    {
                        "rel": "self",
                        "href": base + cls.resource.path.removeprefix("/v2.0"),
                    }
                ],
            }
            for cls in COLLECTIONS
        ]
    }
