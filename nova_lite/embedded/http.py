# SPDX-License-Identifier: Apache-2.0
"""A small WSGI base for the embedded REST services.

``App`` is a table of ``(method, path, handler)`` rows over WebOb and Routes.
nova-lite-api mounts one per service (``/identity``, ``/image``), so links
are made from ``request.application_url``. Runs in the API process, in the
thread of the request.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import routes
import webob
from oslo_log import log as logging

from nova_lite import exception

LOG = logging.getLogger(__name__)

Response = webob.Response
Handler = Callable[..., Any]
Row = tuple[str, str, Handler]
# (status, title, message) -> the body of an error, made into JSON
ErrorBody = Callable[[int, str, str], Any]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Request(webob.Request):  # type: ignore[misc]
    """A request with its context, its path arguments and a checked body."""

    max_json_bytes = 114688

    @property
    def context(self) -> Any:
        """The RequestContext that the auth middleware found.

        Raises: Unauthorized without one.
        """
        context = self.environ.get("nova.context")
        if context is None:
            raise exception.Unauthorized()
        return context

    @property
    def request_id(self) -> str:
        """The id of this request: the API's own, or a new one."""
        context = self.environ.get("nova.context")
        known = getattr(context, "request_id", None) or self.environ.get(
            "openstack.request_id"
        )
        if not known:
            known = self.environ["openstack.request_id"] = new_request_id()
        return str(known)

    def document(self) -> Any:
        """The body as JSON.

        Raises: RequestTooLarge beyond ``max_json_bytes``; Invalid when it is
        no JSON, or has text that no database can keep.
        """
        limit = self.max_json_bytes
        if (self.content_length or 0) > limit:
            raise exception.RequestTooLarge(limit=limit)
        raw = self.body_file.read(limit + 1)
        if len(raw) > limit:
            raise exception.RequestTooLarge(limit=limit)
        try:
            found = json.loads(raw, parse_constant=_no_constant)
            _check_text(found)
        except (ValueError, RecursionError) as error:
            raise exception.Invalid(
                f"The request body is not valid JSON: {error}"
            ) from error
        return found

    def object(self, key: str | None = None) -> dict[str, Any]:
        """The body as a JSON object, or the object under its ``key``.

        Raises: Invalid when it is not one.
        """
        found = self.document()
        if key is not None and isinstance(found, dict):
            found = found.get(key)
        if not isinstance(found, dict):
            what = f"'{key}' in the request body" if key else "The body"
            raise exception.Invalid(f"{what} must be a JSON object.")
        return found

    def paging(self, default: int, maximum: int) -> tuple[int, str | None]:
        """``limit`` (1 to ``maximum``) and ``marker`` of the query.

        Raises: Invalid for a limit that is no whole number above 0.
        """
        text = self.GET.get("limit", "")
        if text and not (text.isascii() and text.isdigit() and int(text[:9])):
            raise exception.Invalid(
                f"limit must be a whole number above 0, not '{text[:40]}'."
            )
        limit = int(text[:9]) if text else default
        return min(limit, maximum), self.GET.get("marker") or None

    def next_path(self, marker: str) -> str:
        """This list's path and query with another marker, for ``next``."""
        query = [(k, v) for k, v in self.GET.items() if k != "marker"]
        query.append(("marker", marker))
        return f"{self.path_info}?{urlencode(query)}"


def new_request_id() -> str:
    """A request id in the form that every OpenStack service uses."""
    return f"req-{uuid.uuid4()}"


def json_response(body: Any, status: int = 200) -> webob.Response:
    """A JSON answer."""
    return webob.Response(
        json.dumps(body).encode(),
        status=status,
        content_type="application/json",
        charset="UTF-8",
    )


class App:
    """A WSGI application made of rows.

    A row is ``("GET", "/v3/projects/{project_id}", handler)``; the handler
    is called as ``handler(request, project_id="...")`` and returns a
    ``Response``, a dict or list (200), None (204), or ``(status, body)``.
    Rows match in their order; GET rows answer HEAD as well.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        error_body: ErrorBody,
        request_class: type[Request] = Request,
    ) -> None:
        self._error_body = error_body
        self._request_class = request_class
        table = self._table = dict[str, dict[str, Handler]]()
        for method, path, handler in rows:
            table.setdefault(path, {})[method] = handler
        self._mapper = routes.Mapper(register=False)
        self._mapper.minimization = False
        for path, verbs in table.items():
            if "GET" in verbs:
                verbs.setdefault("HEAD", verbs["GET"])
            # Routes makes every default a text: the verbs are looked up.
            self._mapper.connect(path, template=path)
        self._mapper.create_regs([])

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = self._request_class(environ)
        try:
            response = self._dispatch(request)
        except exception.NovaLiteException as error:
            response = self._failed(request, error)
        except Exception:
            # The last door: whatever went wrong, the client gets a sentence
            # and the log gets the rest.
            LOG.exception(
                "%s %r failed", request.method, environ.get("PATH_INFO")
            )
            response = self.error(
                500,
                "An unexpected error happened here; the service's log has it "
                f"under {request.request_id}.",
            )
        response.headers["x-openstack-request-id"] = request.request_id
        return response(environ, start_response)  # type: ignore[no-any-return]

    def error(self, status: int, message: str) -> webob.Response:
        """The answer for an error, in this service's form."""
        title = HTTPStatus(status).phrase
        return json_response(self._error_body(status, title, message), status)

    def error_of(self, error: exception.NovaLiteException) -> Any:
        """The body of an answer that a domain error makes."""
        title = HTTPStatus(error.code).phrase
        return self._error_body(error.code, title, error.format_message())

    def _failed(
        self, request: Request, error: exception.NovaLiteException
    ) -> webob.Response:
        if error.code >= 500:
            LOG.error("%s %s: %s", request.method, request.path, error)
        response = json_response(self.error_of(error), error.code)
        if error.code == 401:
            response.headers["WWW-Authenticate"] = (
                f'Keystone uri="{request.host_url}/identity"'
            )
        return response

    def _dispatch(self, request: Request) -> webob.Response:
        try:
            path = request.path_info.rstrip("/") or "/"
            bad = any("\x00" in k + v for k, v in request.GET.items())
        except UnicodeDecodeError as error:
            raise exception.Invalid("The URL is not UTF-8.") from error
        if bad:
            raise exception.Invalid("The query has a NUL character.")
        found = None if "\x00" in path else self._mapper.match(path)
        if found is None:
            raise exception.NotFound()
        verbs = self._table[found.pop("template")]
        handler = verbs.get(request.method)
        if handler is None:
            return self._wrong_method(verbs)
        return _response(handler(request, **found))

    def _wrong_method(self, verbs: Sequence[str] | dict[str, Handler]) -> Any:
        response = self.error(405, "This URL does not know that method.")
        response.allow = [name for name in _METHODS if name in verbs]
        return response


def _response(result: Any) -> webob.Response:
    if isinstance(result, webob.Response):
        return result
    status = 200
    if isinstance(result, tuple):
        status, result = result
    elif result is None:
        status = 204
    if result is None:
        response = webob.Response(status=status)
        del response.content_type
        return response
    return json_response(result, status)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text has a NUL character")
        value.encode()  # a lone surrogate is a ValueError here
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_text(item)
    elif isinstance(value, list):
        for item in value:
            _check_text(item)
