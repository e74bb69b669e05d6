# SPDX-License-Identifier: Apache-2.0
"""The limits resource: what a project may have, and what it has."""

from __future__ import annotations

from typing import Any

from nova_lite import policy, quota
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.compute.views import quotas as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Schema, strict
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import limits as policies

_QUERY = Schema(
    types.query({"tenant_id": types.many({"type": "string"})})
).since("2.75", strict())


class LimitsController(common.Controller):
    """/limits."""

    @operation(query=_QUERY)
    def index(self, request: Request) -> dict[str, Any]:
        """Show the limits and the usage of a project."""
        context = request.context
        policy.authorize(context, policies.SHOW)
        project_id = request.one("tenant_id")
        if project_id is None:
            project_id = context.project_id or ""
        else:
            policy.authorize(context, policies.OTHER_PROJECT)
        limits, _ = common.read(quota.limits, project_id)
        used = common.read(quota.used, project_id)
        absolute = views.ABSOLUTE.show(
            request.version, views.Absolute(limits, used), None
        )
        return {"limits": {"rate": [], "absolute": absolute}}
