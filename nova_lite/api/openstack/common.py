# SPDX-License-Identifier: Apache-2.0
"""What the controllers share: database access, lookup, paging, links."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from oslo_utils import strutils, timeutils

from nova_lite import exception, policy
from nova_lite.api.openstack.request import Request
from nova_lite.context import RequestContext
from nova_lite.db import session
from nova_lite.db.repositories import instance_query
from nova_lite.network.api import NetworkAPI

P = ParamSpec("P")
T = TypeVar("T")
# Ids in one query of another service: more would make too long a URL.
_MOST_IDS = 150


@dataclass(frozen=True, slots=True)
class Settings:
    """What the controllers take from the configuration."""

    max_limit: int = 1000
    compute_link_prefix: str = ""
    glance_link_prefix: str = ""
    service_down_time_s: int = 60
    default_availability_zone: str = "nova"
    internal_service_availability_zone: str = "internal"
    enable_instance_password: bool = True
    instance_usage_audit_period: str = "month"
    project_exists: Callable[[RequestContext, str], bool] = (
        lambda _context, _project_id: True
    )


class Controller:
    """Base of the controllers.

    ``compute_api`` is compute.API: create, delete, get_console_output.
    """

    def __init__(self, compute_api: Any, settings: Settings) -> None:
        self.compute_api = compute_api
        self.settings = settings

    def networks(self, request: Request) -> NetworkAPI:
        """The client of the network service.

        Raises: NoSuchService in a cloud without one.
        """
        found: NetworkAPI = self.compute_api.networks
        if not found.exists(request.context):
            raise exception.NoSuchService(service="network")
        return found

    def check_project(self, request: Request, project_id: str) -> None:
        """Raises: Invalid when there is surely no such project."""
        if not self.settings.project_exists(request.context, project_id):
            raise exception.Invalid(
                f"There is no project with the id {project_id[:64]}. The name "
                "of a project does not do here."
            )


def read(
    fn: Callable[Concatenate[Any, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call a repository's function with a session that reads."""

    @session.transaction
    def run() -> T:
        with session.reader() as db:
            return fn(db, *args, **kwargs)

    return run()


def write(
    fn: Callable[Concatenate[Any, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call a repository's function in a transaction that writes."""

    @session.transaction
    def run() -> T:
        with session.writer() as db:
            return fn(db, *args, **kwargs)

    return run()


def of_ids(
    fetch: Callable[[RequestContext, Mapping[str, Any]], list[dict[str, Any]]],
    context: RequestContext,
    ids: Collection[str],
) -> dict[str, dict[str, Any]]:
    """What another service has of these ids, by id; none asks nobody."""
    wanted = sorted(set(ids))
    found: dict[str, dict[str, Any]] = {}
    for begin in range(0, len(wanted), _MOST_IDS):
        some = {"id": wanted[begin : begin + _MOST_IDS]}
        found |= {one["id"]: one for one in fetch(context, some)}
    return found


def own_project(request: Request) -> str | None:
    """The project whose servers this user may know of; None: of all."""
    context = request.context
    return None if context.is_admin else context.project_id or ""


def instance(
    request: Request, uuid: str, *, deleted: bool | None = False
) -> dict[str, Any]:
    """The row of a server that this user may know of.

    Raises: InstanceNotFound, also for one of another project.
    """
    own = own_project(request)
    row = read(instance_query.get, uuid, project_id=own, deleted=deleted)
    if row is None:
        raise exception.InstanceNotFound(instance_id=uuid)
    return row


def owner(row: Mapping[str, Any]) -> dict[str, Any]:
    """What policy compares with: whose server it is."""
    return {"project_id": row["project_id"], "user_id": row["user_id"]}


def allowed_instance(
    request: Request, uuid: str, rule: str, *, deleted: bool | None = False
) -> dict[str, Any]:
    """The row of a server on which policy lets this user do something.

    Raises: InstanceNotFound, PolicyNotAuthorized.
    """
    row = instance(request, uuid, deleted=deleted)
    policy.authorize(request.context, rule, owner(row))
    return row


def page_of(request: Request, max_limit: int) -> tuple[int, str | None]:
    """``limit`` (never above ``max_limit``) and ``marker`` of the query.

    Raises: ValidationError.
    """
    text = request.one("limit")
    limit = max_limit
    if text:
        if not (text.isascii() and text.isdigit()):
            raise exception.ValidationError(
                detail="limit must be a whole number, 0 or more."
            )
        limit = min(int(text[:12]), max_limit)
    return limit, request.one("marker") or None


def next_page(
    request: Request,
    settings: Settings,
    key: str,
    path: str,
    limit: int,
    shown: Sequence[Any],
    last: str | None,
) -> dict[str, list[dict[str, str]]]:
    """The link to the next page by its key; {} when this is not full.

    ``last`` is the marker that the next page begins behind.
    """
    if last is None or len(shown) < limit:
        return {}
    query = [
        (name, value)
        for name, values in request.query.items()
        for value in values
        if name != "marker"
    ]
    href = f"{base_url(request, settings)}/{path}"
    href = f"{href}?{urlencode([*query, ('marker', last)])}"
    return {key: [{"rel": "next", "href": href}]}


def base_url(request: Request, settings: Settings) -> str:
    """URL before the collection: http://host/v2.1[/project]."""
    prefix = request.application_url
    if settings.compute_link_prefix:
        prefix = settings.compute_link_prefix.rstrip("/") + request.script_name
    return _with_project(request, prefix)


def bookmark_url(request: Request, settings: Settings) -> str:
    """As ``base_url``, without the version."""
    prefix = request.application_url
    if settings.compute_link_prefix:
        prefix = settings.compute_link_prefix.rstrip("/")
    elif prefix.endswith(("/v2.1", "/v2")):
        prefix = prefix.rsplit("/", 1)[0]
    return _with_project(request, prefix)


def _with_project(request: Request, prefix: str) -> str:
    project_id = request.url_project_id
    return f"{prefix}/{project_id}" if project_id else prefix


def links(
    request: Request, settings: Settings, collection: str, ident: str
) -> list[dict[str, str]]:
    """The self and the bookmark link of a resource."""
    path = f"{collection}/{ident}"
    return [
        {"rel": "self", "href": f"{base_url(request, settings)}/{path}"},
        {
            "rel": "bookmark",
            "href": f"{bookmark_url(request, settings)}/{path}",
        },
    ]


def isotime(value: datetime.datetime | None) -> str | None:
    """2026-01-31T12:00:00Z."""
    if value is None:
        return None
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def microtime(value: datetime.datetime | None) -> str | None:
    """2026-01-31T12:00:00.000000, as the older resources show times."""
    if value is None:
        return None
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f")


def parse_time(text: str) -> datetime.datetime:
    """The moment of an ISO 8601 text, aware, in UTC.

    Raises: ValidationError.
    """
    try:
        found = timeutils.normalize_time(timeutils.parse_isotime(text))
    except (ValueError, OverflowError):
        raise exception.ValidationError(
            detail=f"Invalid time: {text[:60]}"
        ) from None
    return found.replace(tzinfo=datetime.UTC)


def as_bool(value: Any, *, strict: bool = True) -> bool:
    """A boolean given as such or as text. Raises: ValidationError."""
    try:
        return bool(strutils.bool_from_string(value, strict=strict))
    except ValueError:
        raise exception.ValidationError(
            detail=f"'{str(value)[:60]}' is not true or false."
        ) from None
