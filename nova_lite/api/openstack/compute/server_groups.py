# SPDX-License-Identifier: Apache-2.0
"""The os-server-groups resource: which servers share hosts, which do not."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from nova_lite import exception, policy, quota
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import server_groups as schemas
from nova_lite.api.openstack.compute.views import server_groups as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import server_group
from nova_lite.notifications import cloud
from nova_lite.policies import server_groups as policies


class ServerGroupsController(common.Controller):
    """/os-server-groups and /os-server-groups/{id}."""

    @operation(query=schemas.INDEX, answer={"server_groups": [views.GROUP]})
    def index(self, request: Request) -> dict[str, Any]:
        """List server groups."""
        context = request.context
        policy.authorize(context, policies.INDEX)
        project_id: str | None = context.project_id or ""
        # Others who ask for all projects are shown their own.
        if "all_projects" in request.query and context.is_admin:
            policy.authorize(context, policies.INDEX_ALL)
            project_id = None
        limit, _ = common.page_of(request, self.settings.max_limit)
        # Here, unlike in the lists with markers, 0 is no limit.
        limit = limit or self.settings.max_limit
        offset = int((request.one("offset") or "0")[:9])
        rows = common.read(server_group.list_, project_id, limit, offset)
        return {"server_groups": [_shown(request, row) for row in rows]}

    @operation(answer={"server_group": views.GROUP})
    def show(self, request: Request, group_id: str) -> dict[str, Any]:
        """Show a server group."""
        row = common.read(server_group.get, group_id, _scope(request))
        policy.authorize(request.context, policies.SHOW, common.owner(row))
        return {"server_group": _shown(request, row)}

    @operation(body=schemas.CREATE, answer={"server_group": views.GROUP})
    def create(self, request: Request, body: Any) -> dict[str, Any]:
        """Create a server group."""
        context = request.context
        policy.authorize(context, policies.CREATE)
        if not context.project_id:
            raise exception.Forbidden(
                "A server group belongs to a project: ask with a token that "
                "is scoped to one."
            )
        asked = body["server_group"]
        chosen = asked.get("policy") or asked["policies"][0]
        row = common.write(
            _create,
            {
                "uuid": str(uuid.uuid4()),
                "name": asked["name"],
                "project_id": context.project_id,
                "user_id": context.user_id or "",
                "policy": chosen,
                "rules": _rules(chosen, asked.get("rules") or {}),
            },
        )
        cloud.server_group(context, "create", row)
        return {"server_group": _shown(request, row)}

    @operation(status=204, errors=())
    def delete(self, request: Request, group_id: str) -> None:
        """Delete a server group; its servers stay."""
        scope = _scope(request)
        row = common.read(server_group.get, group_id, scope)
        policy.authorize(request.context, policies.DELETE, common.owner(row))
        common.write(server_group.delete, group_id, scope)
        cloud.server_group(request.context, "delete", row)


def _create(session: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a group if the quota has room. Raises: OverQuota."""
    quota.reserve(
        session,
        values["project_id"],
        values["user_id"],
        {"server_groups": 1},
    )
    return server_group.create(session, values)


def _scope(request: Request) -> str | None:
    context = request.context
    return None if context.is_admin else context.project_id or ""


def _rules(chosen: str, rules: Mapping[str, Any]) -> dict[str, int]:
    if rules and chosen != "anti-affinity":
        raise exception.Invalid(
            "Only the policy anti-affinity takes rules: leave 'rules' out."
        )
    return {name: int(value) for name, value in rules.items()}


def _shown(request: Request, row: Mapping[str, Any]) -> dict[str, Any]:
    return views.GROUP.show(request.version, row, None)
