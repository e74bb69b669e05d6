# SPDX-License-Identifier: Apache-2.0
"""The version documents: "/", "/v2.1/", "/v2/"; served without a token.

Clients discover by them which microversions there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import webob

from nova_lite.api.openstack import faults, microversions
from nova_lite.api.openstack.common import Settings

_UPDATED = {"v2.0": "2011-01-21T11:33:21Z", "v2.1": "2013-07-23T11:33:21Z"}
_PATHS = {"v2.0": "v2", "v2.1": "v2.1"}


def is_root(environ: Mapping[str, Any]) -> bool:
    """Whether a request below a version's prefix is for its document."""
    return environ.get("PATH_INFO", "") in ("", "/")


class VersionsApp:
    """The document at one mount point ("/", "/v2.1", "/v2", "/versions")."""

    def __init__(self, settings: Settings, mount: str) -> None:
        self._settings = settings
        self._mount = mount

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = webob.Request(environ)
        if request.method not in ("GET", "HEAD"):
            response = faults.fault(405, "This URL does not know that method.")
            response.allow = ["GET", "HEAD"]
        else:
            response = self._document(request)
        return response(environ, start_response)  # type: ignore[no-any-return]

    def _document(self, request: webob.Request) -> webob.Response:
        base = self._base(request)
        if self._mount == "/":
            body: dict[str, Any] = {
                "versions": [_entry(name, base) for name in _PATHS]
            }
            return _json(body)
        name = "v2.0" if self._mount == "/v2" else "v2.1"
        if self._mount == "/versions":
            name = request.path_info.strip("/") or "v2.1"
            if name not in _PATHS:
                return faults.fault(404, f"There is no version {name[:40]}.")
        return _json({"version": _detail(name, base)})

    def _base(self, request: webob.Request) -> str:
        if self._settings.compute_link_prefix:
            return self._settings.compute_link_prefix.rstrip("/")
        url: str = request.application_url.rstrip("/")
        return url.removesuffix(self._mount.rstrip("/"))


def _entry(name: str, base: str) -> dict[str, Any]:
    newest = name == "v2.1"
    return {
        "id": name,
        "status": "CURRENT" if newest else "SUPPORTED",
        "version": str(microversions.MAX) if newest else "",
        "min_version": str(microversions.MIN) if newest else "",
        "updated": _UPDATED[name],
        "links": [{"rel": "self", "href": f"{base}/{_PATHS[name]}/"}],
    }


def _detail(name: str, base: str) -> dict[str, Any]:
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
