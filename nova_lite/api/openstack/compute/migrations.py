# SPDX-License-Identifier: Apache-2.0
"""The os-migrations resource: servers on their way, of every kind."""

from __future__ import annotations

from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import migrations as schemas
from nova_lite.api.openstack.compute.views import migrations as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import migration
from nova_lite.policies import migrations as policies

_FILTERS = (
    "host",
    "instance_uuid",
    "source_compute",
    "status",
    "migration_type",
)


class MigrationsController(common.Controller):
    """/os-migrations."""

    @operation(query=schemas.LIST, answer={"migrations": [views.LISTED]})
    def index(self, request: Request) -> dict[str, Any]:
        """List migrations, the latest first."""
        context, version = request.context, request.version
        policy.authorize(context, policies.INDEX)
        query = self._query(request)
        rows = common.read(migration.list_, query)
        view = views.View(
            request, self.settings, policy.allows(context, policies.HOST)
        )
        body: dict[str, Any] = {
            "migrations": [
                views.LISTED.show(version, row, view) for row in rows
            ]
        }
        if query.limit is not None:
            body |= common.next_page(
                request,
                self.settings,
                "migrations_links",
                "os-migrations",
                query.limit,
                rows,
                rows[-1]["uuid"] if rows else None,
            )
        return body

    def _query(self, request: Request) -> migration.MigrationQuery:
        """Raises: PolicyNotAuthorized, ValidationError."""
        version = request.version
        found: dict[str, Any] = {
            name: request.one(name) for name in _FILTERS
        } | _owner(request)
        if found["host"] or found["source_compute"]:
            policy.authorize(request.context, policies.HOST)
        if views.PAGED.at(version):
            found["limit"], found["marker"] = common.page_of(
                request, self.settings.max_limit
            )
            found["changes_since"] = _moment(request, "changes-since")
        if views.CHANGES_BEFORE.at(version):
            found["changes_before"] = _moment(request, "changes-before")
            since, before = found["changes_since"], found["changes_before"]
            if since and before and since > before:
                raise exception.ValidationError(
                    detail="The value of changes-since must be less than or "
                    "equal to changes-before."
                )
        return migration.MigrationQuery(
            hidden=common.as_bool(request.one("hidden") or "", strict=False),
            **found,
        )


def _owner(request: Request) -> dict[str, Any]:
    """Whose migrations: only an administrator sees other projects'.

    Raises: PolicyNotAuthorized.
    """
    context = request.context
    user_id = project_id = None
    if views.BY_OWNER.at(request.version):
        user_id, project_id = request.one("user_id"), request.one("project_id")
    if project_id is None:
        if not policy.allows(context, policies.ALL_PROJECTS):
            project_id = context.project_id or ""
    elif project_id != context.project_id:
        policy.authorize(context, policies.ALL_PROJECTS)
    return {"user_id": user_id, "project_id": project_id}


def _moment(request: Request, name: str) -> Any:
    text = request.one(name)
    return common.parse_time(text) if text else None
