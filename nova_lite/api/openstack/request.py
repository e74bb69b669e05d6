# SPDX-License-Identifier: Apache-2.0
"""A request to the compute API: version, context, body, query, links."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

import webob

from nova_lite import exception
from nova_lite.api.openstack.microversions import MIN, Version
from nova_lite.context import RequestContext

CONTEXT = "nova.context"
REQUEST_ID = "openstack.request_id"
# When the token ends, for answers that go on until then.
EXPIRES_AT = "nova_lite.expires_at"
_VERSION = "nova_lite.api_version"
_PROJECT = "nova_lite.url_project_id"
_LAX = "nova_lite.lax"
_QUERY = "nova_lite.query"


class Request(webob.Request):  # type: ignore[misc]
    """A WebOb request with what the compute API knows of it.

    What is known is kept in the WSGI environment, so that a second Request
    over the same one finds it.
    """

    @property
    def context(self) -> RequestContext:
        """Who asks. Raises: Unauthorized when nobody said."""
        context = self.environ.get(CONTEXT)
        if context is None:
            raise exception.Unauthorized()
        return context  # type: ignore[no-any-return]

    @property
    def version(self) -> Version:
        """The microversion of this request."""
        return self.environ.get(_VERSION, MIN)  # type: ignore[no-any-return]

    @property
    def token_expires_at(self) -> datetime.datetime | None:
        """When the token ends, if the strategy knows."""
        return self.environ.get(EXPIRES_AT)  # type: ignore[no-any-return]

    def set_version(self, version: Version, *, lax: bool = False) -> None:
        """Set the microversion; ``lax`` is the old /v2 with no checks."""
        self.environ[_VERSION] = version
        self.environ[_LAX] = lax

    @property
    def lax(self) -> bool:
        """Whether unknown properties are passed over (/v2)."""
        return bool(self.environ.get(_LAX))

    @property
    def url_project_id(self) -> str | None:
        """The project id in the URL, when it is there."""
        return self.environ.get(_PROJECT)  # type: ignore[no-any-return]

    def set_url_project_id(self, project_id: str) -> None:
        """Remember the project id that stood in the URL."""
        self.environ[_PROJECT] = project_id

    @property
    def request_id(self) -> str:
        """The id under which the logs know this request."""
        return str(self.environ.get(REQUEST_ID, ""))

    @property
    def query(self) -> dict[str, list[str]]:
        """The query: each parameter with all its values.

        Raises: ValidationError for text that is not UTF-8 or has a NUL.
        """
        if _QUERY not in self.environ:
            found: dict[str, list[str]] = {}
            try:
                for name, value in self.GET.items():
                    found.setdefault(name, []).append(value)
            except UnicodeDecodeError:
                raise exception.ValidationError(
                    detail="Query string is not UTF-8 encoded."
                ) from None
            if not _is_clean(found):
                raise exception.ValidationError(
                    detail="The query string has a NUL character."
                )
            self.environ[_QUERY] = found
        return self.environ[_QUERY]  # type: ignore[no-any-return]

    def one(self, name: str) -> str | None:
        """The last value of a parameter, or None."""
        values = self.query.get(name)
        return values[-1] if values else None

    def document(self) -> Any:
        """The body as JSON, None without one.

        Raises: UnsupportedMediaType, MalformedRequestBody.
        """
        kind = self.headers.get("Content-Type", "").split(";")[0].strip()
        raw = self.body
        if not raw:
            return None
        if kind and kind.lower() not in _TAKEN_AS_JSON:
            raise exception.UnsupportedMediaType(expected="application/json")
        try:
            found = json.loads(raw, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise exception.MalformedRequestBody() from None
        if _is_deep(found):
            raise exception.MalformedRequestBody(
                "The request body is nested too deeply."
            )
        if not _is_clean(found):
            raise exception.MalformedRequestBody(
                "The request body has text with a NUL character or with "
                "half a surrogate pair."
            )
        return found


# text/plain is what some servers put where a client said nothing.
_TAKEN_AS_JSON = frozenset(
    {
        "application/json",
        "application/vnd.openstack.compute+json",
        "text/plain",
    }
)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


# Far above what any request needs, and far below what a daemon behind this
# one could still take apart.
_DEEPEST = 64


def _is_deep(value: Any) -> bool:
    """Whether lists and objects lie in one another beyond all measure."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            item
            for outer in level
            if isinstance(outer, dict | list)
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _is_clean(value: Any) -> bool:
    """Whether every text can be kept by every database."""
    if isinstance(value, str):
        return "\x00" not in value and not any(
            "\ud800" <= c <= "\udfff" for c in value
        )
    if isinstance(value, Mapping):
        return all(_is_clean(k) and _is_clean(v) for k, v in value.items())
    if isinstance(value, list):
        return all(_is_clean(item) for item in value)
    return True
