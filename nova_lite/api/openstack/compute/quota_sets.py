# SPDX-License-Identifier: Apache-2.0
"""The os-quota-sets resource: the limits of a project or of one user in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import exception, policy, quota
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import quotas as schemas
from nova_lite.api.openstack.compute.views import quotas as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import quota as quotas
from nova_lite.policies import quota_sets as policies

_LONGEST = 255


class QuotaSetsController(common.Controller):
    """/os-quota-sets/{project_id}, with /detail and /defaults."""

    @operation(query=schemas.OF_USER)
    def show(self, request: Request, project_id: str) -> dict[str, Any]:
        """Show the limits of a project."""
        _authorize(request, policies.SHOW, project_id)
        self.check_project(request, project_id)
        _, limits = common.read(quota.limits, project_id, _user(request))
        return _shown(request, limits, project_id)

    @operation(query=schemas.OF_USER)
    def detail(self, request: Request, project_id: str) -> dict[str, Any]:
        """Show the limits of a project and what it uses."""
        _authorize(request, policies.DETAIL, project_id)
        self.check_project(request, project_id)
        user_id = _user(request)
        _, limits = common.read(quota.limits, project_id, user_id)
        used = common.read(quota.used, project_id, user_id)
        return _shown(request, views.detail(limits, used), project_id)

    @operation(query=schemas.ANY_QUERY)
    def defaults(self, request: Request, project_id: str) -> dict[str, Any]:
        """Show the limits of a project that has none of its own."""
        _authorize(request, policies.DEFAULTS, project_id)
        self.check_project(request, project_id)
        limits = common.read(quota.class_limits, quotas.DEFAULT_CLASS)
        return _shown(request, limits, project_id)

    @operation(body=schemas.UPDATE, query=schemas.OF_USER)
    def update(
        self, request: Request, project_id: str, body: Any
    ) -> dict[str, Any]:
        """Set limits; those that the body does not name stay."""
        _authorize(request, policies.UPDATE, project_id)
        self.check_project(request, project_id)
        asked = body["quota_set"]
        user_id = _user(request)
        if max(len(project_id), len(user_id or "")) > _LONGEST:
            raise exception.Invalid(
                f"The id of a project or user has at most {_LONGEST} "
                "characters."
            )
        common.write(
            quota.update,
            project_id,
            user_id,
            {k: int(v) for k, v in asked.items() if k != "force"},
            force=common.as_bool(asked.get("force", False)),
        )
        _, limits = common.read(quota.limits, project_id, user_id)
        return _shown(request, limits)

    @operation(query=schemas.OF_USER, status=202)
    def delete(self, request: Request, project_id: str) -> None:
        """Give a project, or one user of it, the default limits again."""
        _authorize(request, policies.DELETE, project_id)
        common.write(quotas.forget, project_id, _user(request))


def _authorize(request: Request, rule: str, project_id: str) -> None:
    policy.authorize(request.context, rule, {"project_id": project_id})


def _user(request: Request) -> str | None:
    return request.one("user_id") or None


def _shown(
    request: Request, row: Mapping[str, Any], project_id: str | None = None
) -> dict[str, Any]:
    ident = {} if project_id is None else {"id": project_id}
    shown = views.QUOTA_SET.show(request.version, row, None)
    return {"quota_set": {**ident, **shown}}
