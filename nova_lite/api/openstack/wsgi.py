# SPDX-License-Identifier: Apache-2.0
"""Dispatch: from a URL and a verb to a controller's method, and back.

``Dispatcher`` is the WSGI application below /v2.1 and /v2. It takes the
microversion, the project id of the URL, the method's ``Operation`` (which
schemas, which status, from which version on), checks the input and makes
the answer. Runs in the thread of the request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import routes
import webob

from nova_lite import exception
from nova_lite.api.openstack import faults, microversions, validation
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import (
    Fields,
    Schema,
    Value,
    exists,
)

F = TypeVar("F", bound=Callable[..., Any])

_PROJECT_ID = re.compile(r"[0-9a-f\-]+")
_ATTRIBUTE = "_operation"
# What has a name in its body.
_NAMED = frozenset(
    {
        "aggregate",
        "createBackup",
        "flavor",
        "keypair",
        "rebuild",
        "server",
    }
)


# Key of the answer -> the view of what is there; in a list, of each item.
Answer = Mapping[str, Fields | list[Fields]]


@dataclass(frozen=True, slots=True)
class Operation:
    """What the API says of one controller method.

    ``since`` and ``until`` bound the versions that have it, inclusively.
    ``status`` is that of success, ``partial`` that of success in part.
    ``errors`` are the statuses of its own refusals, beside those of all
    (``openapi``); None for 409 of what changes something. ``media_type`` is
    that of its answer, ``answer`` the views in it by their key.
    """

    since: str
    until: str | None
    body: Schema | None
    query: Schema | None
    status: Value[int]
    errors: tuple[int, ...] | None = None
    media_type: str = "application/json"
    partial: int | None = None
    answer: Answer | None = None

    def exists_at(self, version: microversions.Version) -> bool:
        """Whether a request of this version finds the method."""
        return exists(version, self.since, self.until)


def operation(
    *,
    since: str = "2.1",
    until: str | None = None,
    body: Schema | None = None,
    query: Schema | None = None,
    status: int | Value[int] = 200,
    errors: tuple[int, ...] | None = None,
    media_type: str = "application/json",
    partial: int | None = None,
    answer: Answer | None = None,
) -> Callable[[F], F]:
    """Say of a controller's method what the API says of it."""
    made = Operation(
        since,
        until,
        body,
        query,
        Value(status) if isinstance(status, int) else status,
        errors,
        media_type,
        partial,
        answer,
    )

    def mark(method: F) -> F:
        setattr(method, _ATTRIBUTE, made)
        return method

    return mark


def operation_of(method: Callable[..., Any]) -> Operation:
    """The ``Operation`` of a controller's method."""
    found = getattr(method, _ATTRIBUTE)
    assert isinstance(found, Operation)
    return found


# (controller class, method name). Several for one verb: other versions.
Endpoint = tuple[type, str]
Verbs = Mapping[str, Sequence[Endpoint]]
Table = Mapping[str, Verbs]


@dataclass(frozen=True, slots=True)
class Action:
    """A row of an action endpoint: ``POST .../action {"<name>": ...}``."""

    name: str
    endpoint: Endpoint


class Dispatcher:
    """The compute API below one prefix.

    ``table`` maps paths to verbs, ``actions`` the action paths to their
    rows; ``make`` builds a controller of a class, once each. ``lax`` is the
    old /v2: no microversions, unknown properties are passed over.
    """

    def __init__(
        self,
        table: Table,
        actions: Mapping[str, Sequence[Action]],
        make: Callable[[type], Any],
        *,
        lax: bool = False,
    ) -> None:
        self._lax = lax
        self._controllers: dict[type, Any] = {}
        self._make = make
        self._places: list[Mapping[str, Any]] = []
        self._mapper = routes.Mapper(register=False)
        self._mapper.minimization = False
        for path, verbs in table.items():
            bound = {
                verb: [self._bind(e) for e in endpoints]
                for verb, endpoints in verbs.items()
            }
            self._connect(path, bound)
        for path, rows in actions.items():
            by_name: dict[str, list[Callable[..., Any]]] = {}
            for row in rows:
                method = self._bind(row.endpoint)
                by_name.setdefault(row.name, []).append(method)
            self._connect(path, {"POST": by_name})
        self._mapper.create_regs([])

    def _connect(self, path: str, verbs: Mapping[str, Any]) -> None:
        # Routes makes texts of what it carries, so it carries a place.
        self._mapper.connect(path, place=len(self._places))
        self._places.append(verbs)

    def _bind(self, endpoint: Endpoint) -> Callable[..., Any]:
        cls, name = endpoint
        if cls not in self._controllers:
            self._controllers[cls] = self._make(cls)
        method = getattr(self._controllers[cls], name)
        operation_of(method)
        return method  # type: ignore[no-any-return]

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = Request(environ)
        negotiated = True
        try:
            if self._lax:
                request.set_version(microversions.MIN, lax=True)
            else:
                try:
                    version = microversions.requested(request.headers)
                except exception.Invalid:
                    negotiated = False
                    raise
                request.set_version(version)
            response = self._respond(request)
        except Exception as error:
            # The one place where any error becomes an answer.
            response = faults.from_exception(error, request.request_id)
        if not self._lax:
            _say_version(request, response, negotiated)
        return response(environ, start_response)  # type: ignore[no-any-return]

    def _respond(self, request: Request) -> webob.Response:
        verbs, arguments = self._match(request)
        found = verbs.get(request.method)
        if found is None and request.method == "HEAD":
            found = verbs.get("GET")
        if found is None:
            # As upstream, whose routes are pairs of verb and path.
            raise exception.NotFound()
        body = None
        if request.method in ("POST", "PUT", "PATCH"):
            body = request.document()
            if self._lax:
                _strip_names(body)
        if isinstance(found, dict):
            found = _action(found, body)
        method = _existing(found, request.version)
        facts = operation_of(method)
        _check(facts, request, body)
        if facts.body is not None:
            arguments["body"] = body
        result = method(request, **arguments)
        return _response(result, facts.status.at(request.version))

    def _match(self, request: Request) -> tuple[Any, dict[str, Any]]:
        try:
            path = request.path_info
        except UnicodeDecodeError:
            raise exception.NotFound() from None
        if "\x00" in path:
            raise exception.NotFound()
        path = _without_format(path)
        first = path.lstrip("/").split("/", 1)[0]
        if _PROJECT_ID.fullmatch(first):
            _check_project(request, first)
            path = path[len(first) + 1 :]
        found = self._mapper.match(path) if path else None
        if found is None:
            raise exception.NotFound()
        return self._places[int(found.pop("place"))], found


def _without_format(path: str) -> str:
    # /servers/detail.json is the same as /servers/detail.
    return path.removesuffix(".json")


def _check_project(request: Request, project_id: str) -> None:
    request.set_url_project_id(project_id)
    own = request.context.project_id
    if own != project_id:
        raise exception.MalformedRequestBody(
            f"Malformed request URL: URL's project_id '{project_id}' "
            f"doesn't match Context's project_id '{own}'"
        )


def _action(
    by_name: Mapping[str, list[Callable[..., Any]]], body: Any
) -> list[Callable[..., Any]]:
    if not isinstance(body, dict) or len(body) != 1:
        raise exception.MalformedRequestBody(
            "The body must be a JSON object with one action in it."
        )
    (name,) = body
    if name not in by_name:
        raise exception.MalformedRequestBody(
            f"There is no such action: {name[:100]}"
        )
    return by_name[name]


def _strip_names(body: Any) -> None:
    """Take off the blanks around names, which the old /v2 lets pass."""
    for key, inside in body.items() if isinstance(body, dict) else ():
        if key not in _NAMED or not isinstance(inside, dict):
            continue
        for name in ("name", "availability_zone"):
            if isinstance(inside.get(name), str):
                inside[name] = inside[name].strip()


def _existing(
    methods: Sequence[Callable[..., Any]], version: microversions.Version
) -> Callable[..., Any]:
    for method in methods:
        if operation_of(method).exists_at(version):
            return method
    raise exception.NotFound(
        f"API version {version} is not supported on this method."
    )


def _check(facts: Operation, request: Request, body: Any) -> None:
    # Who is unknown learns nothing of the schemas.
    _ = request.context
    if facts.query is not None:
        validation.check_query(
            facts.query, request.version, request.query, lax=request.lax
        )
    if facts.body is not None:
        validation.check_body(
            facts.body, request.version, body, lax=request.lax
        )


def _response(result: Any, status: int) -> webob.Response:
    if isinstance(result, webob.Response):
        return result
    if result is None:
        response = webob.Response(status=status)
        del response.content_type
        return response
    return webob.Response(
        json.dumps(result).encode(),
        status=status,
        content_type="application/json",
        charset="UTF-8",
    )


def _say_version(
    request: Request, response: webob.Response, negotiated: bool
) -> None:
    """Tell in the headers which version answered, and what it hangs on."""
    if negotiated:
        text = str(request.version)
        response.headers[microversions.HEADER] = f"compute {text}"
        response.headers[microversions.LEGACY_HEADER] = text
    for name in (microversions.HEADER, microversions.LEGACY_HEADER):
        response.headers.add("Vary", name)
