# SPDX-License-Identifier: Apache-2.0
"""The security groups: what old clients ask the Compute API for, to 2.35.

Passed on to the network service with the user's own token.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common, formats
from nova_lite.api.openstack.compute.proxies import LAST
from nova_lite.api.openstack.compute.schemas import (
    security_groups as schemas,
)
from nova_lite.api.openstack.compute.views import security_groups as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import security_groups as policies

Group = dict[str, Any]
_KEY = "security_group"


class GroupController(common.Controller):
    """Finds security groups, and shows them."""

    def _groups(
        self, request: Request, filters: Mapping[str, Any]
    ) -> list[Group]:
        return self.networks(request).security_groups(request.context, filters)

    def _group(self, request: Request, ident: str) -> Group:
        """Raises: Invalid for what is no id, SecurityGroupNotFound."""
        if not formats.is_uuid(ident):
            raise exception.Invalid("Security group id should be uuid")
        found = self._groups(request, {"id": ident})
        if not found:
            raise exception.SecurityGroupNotFound(security_group_id=ident)
        return found[0]

    def _known(
        self, request: Request, groups: Iterable[Group]
    ) -> dict[str, Group]:
        """These groups and those that their rules name, by id."""
        known = {one["id"]: one for one in groups}
        others = views.remotes(known.values()) - set(known)
        return known | self._of_ids(request, others)

    def _of_ids(
        self, request: Request, ids: Collection[str]
    ) -> dict[str, Group]:
        fetch = self.networks(request).security_groups
        return common.of_ids(fetch, request.context, ids)

    def _call(
        self, request: Request, method: str, path: str, body: Any = None
    ) -> Any:
        return self.networks(request).call(request.context, method, path, body)

    def _one(self, request: Request, group: Group) -> dict[str, Any]:
        known = self._known(request, [group])
        return {_KEY: views.group_of(group, known)}


class SecurityGroupsController(GroupController):
    """/os-security-groups."""

    @operation(until=LAST, query=schemas.LIST, errors=(501,))
    def index(self, request: Request) -> dict[str, Any]:
        """List the security groups of the project."""
        context = request.context
        policy.authorize(context, policies.GET)
        filters: dict[str, Any] = {"tenant_id": context.project_id}
        if context.is_admin and "all_tenants" in request.query:
            filters = {}
        limit, _ = common.page_of(request, self.settings.max_limit)
        offset = int((request.one("offset") or "0")[:12])
        groups = self._groups(request, filters)[offset : offset + limit]
        known = self._known(request, groups)
        return {"security_groups": views.list_(groups, known)}

    @operation(until=LAST, query=schemas.ANY_QUERY, errors=(501,))
    def show(self, request: Request, id: str) -> dict[str, Any]:
        """Show a security group."""
        policy.authorize(request.context, policies.SHOW)
        return self._one(request, self._group(request, id))

    @operation(until=LAST, body=schemas.GROUP, errors=(501,))
    def create(self, request: Request, body: Any) -> dict[str, Any]:
        """Create a security group."""
        policy.authorize(request.context, policies.CREATE)
        try:
            made = self._call(
                request, "POST", "/security-groups", _described(body)
            )
        except exception.Conflict as error:
            raise exception.SecurityGroupLimitExceeded(
                error.format_message()
            ) from error
        return self._one(request, made[_KEY])

    @operation(until=LAST, body=schemas.GROUP, errors=(501,))
    def update(self, request: Request, id: str, body: Any) -> dict[str, Any]:
        """Give a security group another name and description."""
        policy.authorize(request.context, policies.UPDATE)
        group = self._group(request, id)
        try:
            changed = self._call(
                request,
                "PUT",
                f"/security-groups/{group['id']}",
                _described(body),
            )
        except exception.Conflict as error:
            raise exception.Invalid(error.format_message()) from error
        return self._one(request, changed[_KEY])

    @operation(until=LAST, status=202, errors=(501,))
    def delete(self, request: Request, id: str) -> None:
        """Delete a security group that no server has."""
        policy.authorize(request.context, policies.DELETE)
        group = self._group(request, id)
        try:
            self._call(request, "DELETE", f"/security-groups/{group['id']}")
        except exception.Conflict as error:
            raise exception.Invalid(error.format_message()) from error


def _described(body: Mapping[str, Any]) -> dict[str, Any]:
    asked = body[_KEY]
    return {_KEY: {name: asked[name] for name in ("name", "description")}}
