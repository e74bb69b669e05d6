# SPDX-License-Identifier: Apache-2.0
"""The embedded identity service: a subset of Keystone's API, version 3.

nova-lite-api mounts ``make_app()`` under /identity, outside of any
middleware that checks tokens: a login has none, and the rest checks its own.
"""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.embedded.http import App, Request, Response, Row, json_response
from nova_lite.embedded.identity.api import Api, listing, self_link
from nova_lite.embedded.identity.assignments import Assignments
from nova_lite.embedded.identity.credentials import Credentials
from nova_lite.embedded.identity.resources import KINDS, Resource
from nova_lite.embedded.identity.tokens import Tokens

# The collections that clients ask for and that have nothing here.
_EMPTY = ("groups", "credentials", "limits", "registered_limits", "policies")


def make_app() -> App:
    """Make the application; needs the configuration and the database."""
    api = Api()
    rows: list[Row] = [
        ("GET", "/", _versions),
        ("GET", "/v3", _version),
        # Before /v3/users/{id} and the like, whose places they share.
        *Tokens(api).rows(),
        *Credentials(api).rows(),
        *Assignments(api).rows(),
        *ReadOnly(api).rows(),
    ]
    for kind in KINDS:
        rows += Resource(api, kind).rows()
    return App(rows, _error_body)


def _error_body(status: int, title: str, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "title": title}}


def _document(request: Request) -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{request.application_url}/v3/"}],
        "media-types": [
            {
                "base": "application/json",
                "type": "application/vnd.openstack.identity-v3+json",
            }
        ],
    }


def _versions(request: Request) -> Response:
    response = json_response(
        {"versions": {"values": [_document(request)]}}, 300
    )
    response.headers["Location"] = f"{request.application_url}/v3/"
    return response


def _version(request: Request) -> dict[str, Any]:
    return {"version": _document(request)}


class ReadOnly:
    """What follows from the configuration: services, endpoints, regions."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def rows(self) -> list[Row]:
        """The URLs of the catalogue's parts and of the empty lists."""
        found: list[Row] = [
            ("GET", "/v3/services", self.services),
            ("GET", "/v3/services/{row_id}", self.service),
            ("GET", "/v3/endpoints", self.endpoints),
            ("GET", "/v3/endpoints/{row_id}", self.endpoint),
            ("GET", "/v3/regions", self.regions),
            ("GET", "/v3/regions/{row_id}", self.region),
            ("GET", "/v3/users/{user_id}/groups", self._nothing("groups")),
        ]
        found += [
            ("GET", f"/v3/{name}", self._nothing(name)) for name in _EMPTY
        ]
        return found

    def _nothing(self, collection: str) -> Any:
        def index(request: Request, **_ids: str) -> dict[str, Any]:
            self._api.caller(request)
            return listing(request, collection, [])

        return index

    def _services(self, request: Request) -> list[dict[str, Any]]:
        base = self._api.catalog.address(request.host_url)
        return [
            {
                "id": service["id"],
                "type": service["type"],
                "name": service["name"],
                "description": "",
                "enabled": True,
                "links": self_link(request, "services", service["id"]),
                "endpoints": service["endpoints"],
            }
            for service in self._api.catalog.v3(base)
        ]

    def services(self, request: Request) -> dict[str, Any]:
        """List the services of the catalogue."""
        self._api.admin(request, "list_services")
        found = self._services(request)
        for item in found:
            del item["endpoints"]
        return listing(request, "services", _matching(request, found))

    def service(self, request: Request, row_id: str) -> dict[str, Any]:
        """Show one service."""
        self._api.admin(request, "get_service")
        found = _one(self._services(request), row_id, "service")
        del found["endpoints"]
        return {"service": found}

    def _endpoints(self, request: Request) -> list[dict[str, Any]]:
        return [
            {
                **endpoint,
                "service_id": service["id"],
                "enabled": True,
                "links": self_link(request, "endpoints", endpoint["id"]),
            }
            for service in self._services(request)
            for endpoint in service["endpoints"]
        ]

    def endpoints(self, request: Request) -> dict[str, Any]:
        """List the endpoints of the catalogue."""
        self._api.admin(request, "list_endpoints")
        return listing(
            request,
            "endpoints",
            _matching(request, self._endpoints(request)),
        )

    def endpoint(self, request: Request, row_id: str) -> dict[str, Any]:
        """Show one endpoint."""
        self._api.admin(request, "get_endpoint")
        found = _one(self._endpoints(request), row_id, "endpoint")
        return {"endpoint": found}

    def _regions(self, request: Request) -> list[dict[str, Any]]:
        name = self._api.catalog.region
        return [
            {
                "id": name,
                "description": "",
                "parent_region_id": None,
                "links": self_link(request, "regions", name),
            }
        ]

    def regions(self, request: Request) -> dict[str, Any]:
        """List the one region."""
        self._api.caller(request)
        return listing(request, "regions", self._regions(request))

    def region(self, request: Request, row_id: str) -> dict[str, Any]:
        """Show the one region."""
        self._api.caller(request)
        return {"region": _one(self._regions(request), row_id, "region")}


def _matching(
    request: Request, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Those that have the values which the query names."""
    names = ("type", "name", "service_id", "interface", "region_id")
    asked = {k: v for k, v in request.GET.items() if k in names}
    return [
        item
        for item in items
        if all(item.get(k, v) == v for k, v in asked.items())
    ]


def _one(
    items: list[dict[str, Any]], row_id: str, what: str
) -> dict[str, Any]:
    for item in items:
        if item["id"] == row_id:
            return item
    raise exception.NotFound(f"Could not find {what}: {row_id[:64]}.")
