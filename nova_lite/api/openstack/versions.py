# SPDX-License-Identifier: Apache-2.0
"""The version documents: "/", "/v2.1/", "/v2/"; served without a token.

Clients discover by them which microversions there are. A URL that is below
none of the versions gets the choice of them (300).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

import webob

from nova_lite.api.openstack import faults, microversions
from nova_lite.api.openstack.common import Settings

_UPDATED = {"v2.0": "2011-01-21T11:33:21Z", "v2.1": "2013-07-23T11:33:21Z"}
LEGACY = "v2.0"
# Version -> where it is mounted.
PATHS = {LEGACY: "v2", "v2.1": "v2.1"}


def is_root(environ: Mapping[str, Any]) -> bool:
    """Whether a request below a version's prefix is for its document."""
    return environ.get("PATH_INFO", "") in ("", "/")


class VersionsApp:
    """The document at one mount point ("/", "/v2.1", "/v2")."""

    def __init__(self, settings: Settings, mount: str) -> None:
        self._settings = settings
        self._mount = mount

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = webob.Request(environ)
        if request.method not in ("GET", "HEAD"):
            response = faults.read_only()
        else:
            response = self._document(request)
        return response(environ, start_response)  # type: ignore[no-any-return]

    def _document(self, request: webob.Request) -> webob.Response:
        base = base_url(request, self._settings)
        if self._mount != "/":
            name = LEGACY if self._mount == "/v2" else "v2.1"
            return _json({"version": detail(name, base)})
        if not is_root(request.environ):
            return _choices(base, request.environ["PATH_INFO"])
        return _json({"versions": [_entry(name, base) for name in PATHS]})


def base_url(request: webob.Request, settings: Settings) -> str:
    """The URL below which the versions are mounted."""
    if settings.compute_link_prefix:
        return settings.compute_link_prefix.rstrip("/")
    url: str = request.application_url.rstrip("/")
    for path in PATHS.values():
        url = url.removesuffix(f"/{path}")
    return url


def _choices(base: str, path: str) -> webob.Response:
    """The versions below which the path may have been meant."""
    # As it came: WSGI carries its bytes as Latin-1.
    quoted = quote(path.lstrip("/").encode("latin-1"))
    choices = []
    for name, mount in PATHS.items():
        full = detail(name, base)
        href = f"{base}/{mount}/{quoted}"
        choices.append(
            {
                "id": name,
                "status": full["status"],
                "links": [{"rel": "self", "href": href}],
                "media-types": full["media-types"],
            }
        )
    response = _json({"choices": choices})
    response.status = 300
    return response


def _entry(name: str, base: str) -> dict[str, Any]:
    newest = name == "v2.1"
    return {
        "id": name,
        "status": "CURRENT" if newest else "SUPPORTED",
        "version": str(microversions.MAX) if newest else "",
        "min_version": str(microversions.MIN) if newest else "",
        "updated": _UPDATED[name],
        "links": [{"rel": "self", "href": f"{base}/{PATHS[name]}/"}],
    }


def detail(name: str, base: str) -> dict[str, Any]:
    """The document of one version."""
    entry = _entry(name, base)
    entry["links"].append(
        {
            "rel": "describedby",
            "type": "text/html",
            "href": "http://docs.openstack.org/",
        }
    )
    media = "application/vnd.openstack.compute+json"
    entry["media-types"] = [
        {
            "base": "application/json",
            "type": f"{media};version={'2' if name == 'v2.0' else '2.1'}",
        }
    ]
    return entry


def _json(body: Any) -> webob.Response:
    return webob.Response(
        json.dumps(body).encode(),
        content_type="application/json",
        charset="UTF-8",
    )
