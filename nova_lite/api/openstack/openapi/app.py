# SPDX-License-Identifier: Apache-2.0
"""Serves /openapi.json?microversion=2.N; without a token, as discovery is.

A document is made when it is asked for first, and kept compressed: all of
them together are a few MB. Runs in the thread of the request.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from typing import Any

import webob

from nova_lite import exception
from nova_lite.api.openstack import faults, microversions
from nova_lite.api.openstack.microversions import Version
from nova_lite.api.openstack.openapi import document
from nova_lite.api.openstack.wsgi import Table

_PARAMETER = "microversion"


class OpenAPIApp:
    """The documents of one API, made of its tables."""

    def __init__(self, table: Table, actions: document.Actions) -> None:
        self._table = table
        self._actions = actions
        self._made: dict[Version, bytes] = {}

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = webob.Request(environ)
        if request.method not in ("GET", "HEAD"):
            response = faults.read_only()
            return response(environ, start_response)  # type: ignore[no-any-return]
        try:
            version = _asked(request)
        except exception.Invalid as error:
            response = faults.fault(error.code, error.format_message())
            return response(environ, start_response)  # type: ignore[no-any-return]
        response = webob.Response(
            content_type="application/json",
            charset="UTF-8",
            body=self._compressed(version),
            conditional_response=True,
            vary=["Accept-Encoding"],
        )
        response.content_encoding = "gzip"
        response.md5_etag()
        if not _takes_gzip(request):
            response.decode_content()
        return response(environ, start_response)  # type: ignore[no-any-return]

    def _compressed(self, version: Version) -> bytes:
        if version not in self._made:
            made = document.build(self._table, self._actions, version)
            self._made[version] = gzip.compress(
                json.dumps(made).encode(), mtime=0
            )
        return self._made[version]


def _takes_gzip(request: webob.Request) -> bool:
    # Who says nothing of it may take anything, but seldom does.
    return bool(request.headers.get("Accept-Encoding")) and bool(
        request.accept_encoding.acceptable_offers(["gzip"])
    )


def _asked(request: webob.Request) -> Version:
    """The version of the query, by the rules of the header; or the newest.

    Raises: InvalidAPIVersionString, InvalidGlobalAPIVersion.
    """
    try:
        text = request.GET.get(_PARAMETER, "latest")
    except UnicodeDecodeError:
        raise exception.InvalidAPIVersionString(version="?") from None
    return microversions.requested({microversions.LEGACY_HEADER: text})
