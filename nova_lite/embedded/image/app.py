# SPDX-License-Identifier: Apache-2.0
"""The embedded image service: the Glance v2 subset as a WSGI application.

nova-lite-api mounts ``create_app()`` under /image, behind the middleware that
puts ``nova.context`` into the environment; the version documents need none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.embedded import http
from nova_lite.embedded.image import data, schemas
from nova_lite.embedded.image.base import Limits
from nova_lite.embedded.image.data import Data
from nova_lite.embedded.image.images import Images
from nova_lite.embedded.image.members import Members
from nova_lite.embedded.image.store import Store

CONF = cfg.CONF
_NEWEST_MINOR = 9

WSGIApp = Callable[..., Iterable[bytes]]


def create_app() -> http.App:
    """The application as [image] says, after a sweep of the store."""
    store = Store(CONF.image.filesystem_store_datadir)
    data.sweep(store)
    limits = Limits(
        size_cap_bytes=CONF.image.image_size_cap,
        properties=CONF.image.image_property_quota,
        tags=CONF.image.image_tag_quota,
        members=CONF.image.image_member_quota,
        page_default=CONF.image.limit_param_default,
        page_max=CONF.image.api_limit_max,
    )
    return http.App(_rows(store, limits), _error_body)


def with_open_versions(app: WSGIApp, guarded: WSGIApp) -> WSGIApp:
    """Serve the version documents to anybody, the rest to ``guarded``.

    Clients look the versions up before they have a token.
    """

    def choose(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").rstrip("/")
        is_open = path in ("", "/versions", "/v2")
        return (app if is_open else guarded)(environ, start_response)

    return choose


def _rows(store: Store, limits: Limits) -> list[http.Row]:
    images = Images(store, limits)
    files = Data(store, limits)
    members = Members(store, limits)
    image = "/v2/images/{image_id}"
    tag = f"{image}/tags/{{tag}}"
    member = f"{image}/members/{{member_id}}"
    return [
        ("GET", "/", _choices),
        ("GET", "/versions", _versions),
        ("GET", "/v2", _versions),
        ("GET", "/v2/images", images.index),
        ("POST", "/v2/images", images.create),
        ("GET", image, images.show),
        ("PATCH", image, images.update),
        ("DELETE", image, images.delete),
        ("GET", f"{image}/file", files.download),
        ("PUT", f"{image}/file", files.upload),
        ("PUT", tag, images.add_tag),
        ("DELETE", tag, images.delete_tag),
        ("POST", f"{image}/actions/deactivate", images.deactivate),
        ("POST", f"{image}/actions/reactivate", images.reactivate),
        ("GET", f"{image}/tasks", images.tasks),
        ("GET", f"{image}/members", members.index),
        ("POST", f"{image}/members", members.create),
        ("GET", member, members.show),
        ("PUT", member, members.update),
        ("DELETE", member, members.delete),
        ("GET", "/v2/schemas/{name}", _schema),
        ("GET", "/v2/info/import", _import_info),
    ]


def _error_body(status: int, title: str, message: str) -> Any:
    return {"error": {"code": status, "title": title, "message": message}}


def _choices(request: http.Request) -> Any:
    return 300, _versions(request)


def _versions(request: http.Request) -> Any:
    """The version documents; clients read them before they have a token."""
    link = {"rel": "self", "href": f"{request.application_url}/v2/"}
    return {
        "versions": [
            {
                "id": f"v2.{minor}",
                "status": "CURRENT" if minor == _NEWEST_MINOR else "SUPPORTED",
                "links": [link],
            }
            for minor in range(_NEWEST_MINOR, -1, -1)
        ]
    }


def _schema(_request: http.Request, name: str) -> Any:
    if name not in schemas.DOCUMENTS:
        raise exception.NotFound(f"There is no schema '{name}'.")
    return schemas.DOCUMENTS[name]


def _import_info(_request: http.Request) -> Any:
    return {
        "import-methods": {
            "description": "Import methods available.",
            "type": "array",
            "value": [],
        }
    }
