# SPDX-License-Identifier: Apache-2.0
"""The os-instance-actions resource: what was done to a server."""

from __future__ import annotations

from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import instance_actions as schemas
from nova_lite.api.openstack.compute.views import instance_actions as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import action_query
from nova_lite.policies import instance_actions as policies


class InstanceActionsController(common.Controller):
    """/servers/{server_id}/os-instance-actions."""

    @operation(query=schemas.LIST, answer={"instanceActions": [views.ACTION]})
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """List the actions of a server, the latest first."""
        deleted = views.OF_DELETED.at(request.version)
        common.allowed_instance(
            request, server_id, policies.LIST, deleted=deleted
        )
        version = request.version
        if not views.PAGED.at(version):
            rows = common.read(action_query.list_, server_id)
            shown = [views.ACTION.show(version, row, None) for row in rows]
            return {"instanceActions": shown}
        limit, marker = common.page_of(request, self.settings.max_limit)
        since, before = (
            common.parse_time(text) if text else None
            for text in map(request.one, ("changes-since", "changes-before"))
        )
        if since and before and since > before:
            raise exception.ValidationError(
                detail="The value of changes-since must be less than or "
                "equal to changes-before."
            )
        rows = common.read(
            action_query.list_,
            server_id,
            limit=limit,
            marker=marker,
            changes_since=since,
            changes_before=before,
        )
        body: dict[str, Any] = {
            "instanceActions": [
                views.ACTION.show(version, row, None) for row in rows
            ]
        }
        body |= common.next_page(
            request,
            self.settings,
            "links",
            f"servers/{server_id}/os-instance-actions",
            limit,
            rows,
            rows[-1]["request_id"] if rows else None,
        )
        return body

    @operation()
    def show(
        self, request: Request, server_id: str, request_id: str
    ) -> dict[str, Any]:
        """Show one action with its events."""
        deleted = views.OF_DELETED.at(request.version)
        server = common.allowed_instance(
            request, server_id, policies.SHOW, deleted=deleted
        )
        row = common.read(action_query.get, server_id, request_id)
        if row is None:
            raise exception.InstanceActionNotFound(
                request_id=request_id, instance_uuid=server_id
            )
        shown = views.ACTION.show(request.version, row, None)
        target = common.owner(server)
        context = request.context
        view = views.EventView(
            project_id=row["project_id"] or server["project_id"],
            sees_traceback=policy.allows(context, policies.EVENTS, target),
            sees_details=policy.allows(context, policies.DETAILS, target),
        )
        if view.sees_traceback or views.OWNER_SEES_EVENTS.at(request.version):
            events = common.read(action_query.events, row["id"])
            shown["events"] = [
                views.EVENT.show(request.version, event, view)
                for event in events
            ]
        return {"instanceAction": shown}
