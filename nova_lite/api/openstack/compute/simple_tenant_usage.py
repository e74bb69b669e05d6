# SPDX-License-Identifier: Apache-2.0
"""The os-simple-tenant-usage resource: what projects used in a period."""

from __future__ import annotations

import datetime
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import (
    simple_tenant_usage as schemas,
)
from nova_lite.api.openstack.compute.views import simple_tenant_usage as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import usage
from nova_lite.policies import simple_tenant_usage as policies

_PATH = "os-simple-tenant-usage"
_FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")


class SimpleTenantUsageController(common.Controller):
    """/os-simple-tenant-usage and /os-simple-tenant-usage/{project}."""

    @operation(query=schemas.LIST)
    def index(self, request: Request) -> dict[str, Any]:
        """What each project used."""
        policy.authorize(request.context, policies.LIST)
        detailed = request.query.get("detailed", ["0"])[0] == "1"
        found, links = self._usages(
            request, "tenant_usages_links", _PATH, detailed=detailed
        )
        return {"tenant_usages": found, **links}

    @operation(query=schemas.SHOW)
    def show(self, request: Request, project_id: str) -> dict[str, Any]:
        """What one project used, server by server; {} for nothing."""
        policy.authorize(
            request.context, policies.SHOW, {"project_id": project_id}
        )
        found, links = self._usages(
            request,
            "tenant_usage_links",
            f"{_PATH}/{project_id}",
            detailed=True,
            project_id=project_id,
        )
        return {"tenant_usage": found[0] if found else {}, **links}

    def _usages(
        self,
        request: Request,
        links_key: str,
        path: str,
        *,
        detailed: bool,
        project_id: str | None = None,
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The projects' usage, and the link to the next page by its key."""
        period = _period(request)
        paged = views.PAGED.at(request.version)
        limit, marker = self.settings.max_limit, None
        if paged:
            limit, marker = common.page_of(request, limit)
        rows = common.read(
            usage.list_,
            period.begin,
            period.end,
            project_id=project_id,
            limit=limit,
            marker=marker,
            detailed=detailed,
        )
        found = views.projects(rows, period, detailed=detailed)
        last = rows[-1]["uuid"] if rows and paged else None
        return found, common.next_page(
            request, self.settings, links_key, path, limit, rows, last
        )


def _period(request: Request) -> views.Period:
    """The period of the query; what is not given is now.

    Raises: ValidationError.
    """
    now = datetime.datetime.now(datetime.UTC)
    begin, end = (_moment(request, name) for name in ("start", "end"))
    if (begin or now) > (end or now) or (begin and begin == end):
        raise exception.ValidationError(
            detail="Invalid start time. The start time cannot occur after "
            "the end time."
        )
    return views.Period(begin or now, min(end or now, now), now)


def _moment(request: Request, name: str) -> datetime.datetime | None:
    text = request.query.get(name, [""])[0]
    if not text:
        return None
    for form in _FORMS:
        try:
            found = datetime.datetime.strptime(text, form)
        except ValueError:
            continue
        return found.replace(tzinfo=datetime.UTC)
    raise exception.ValidationError(
        detail=f"Invalid datetime string: {name} must have the form "
        f"2026-01-31T12:00:00, in UTC; it is '{text[:60]}'."
    )
