# SPDX-License-Identifier: Apache-2.0
"""The os-quota-class-sets resource.

The class "default" has the limits of projects without their own; others are
kept, and hold nobody.
"""

from __future__ import annotations

from typing import Any

from nova_lite import exception, policy, quota
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import quotas as schemas
from nova_lite.api.openstack.compute.views import quotas as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import quota_class_sets as policies

_LONGEST = 255


class QuotaClassSetsController(common.Controller):
    """/os-quota-class-sets/{name}."""

    @operation(query=schemas.ANY_QUERY)
    def show(self, request: Request, name: str) -> dict[str, Any]:
        """Show the limits of a class."""
        policy.authorize(request.context, policies.SHOW)
        limits = common.read(quota.class_limits, name)
        shown = views.QUOTA_CLASS.show(request.version, limits, None)
        return {"quota_class_set": {"id": name, **shown}}

    @operation(body=schemas.UPDATE_CLASS)
    def update(self, request: Request, name: str, body: Any) -> dict[str, Any]:
        """Set limits of a class; those not named stay."""
        policy.authorize(request.context, policies.UPDATE)
        asked = body["quota_class_set"]
        if len(name) > _LONGEST:
            raise exception.Invalid(
                f"The name of a quota class has at most {_LONGEST} characters."
            )
        common.write(
            quota.update_class, name, {k: int(v) for k, v in asked.items()}
        )
        limits = common.read(quota.class_limits, name)
        shown = views.QUOTA_CLASS.show(request.version, limits, None)
        return {"quota_class_set": shown}
