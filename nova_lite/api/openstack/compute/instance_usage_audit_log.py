# SPDX-License-Identifier: Apache-2.0
"""The os-instance_usage_audit_log resource: how usage audits went."""

from __future__ import annotations

import datetime
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import (
    instance_usage_audit_log as schemas,
)
from nova_lite.api.openstack.compute.views import (
    instance_usage_audit_log as views,
)
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute import audit_period
from nova_lite.db.repositories import service_query, task_log
from nova_lite.policies import instance_usage_audit_log as policies

_TASK = "instance_usage_audit"


class InstanceUsageAuditLogController(common.Controller):
    """/os-instance_usage_audit_log, also with a moment behind it."""

    @operation(query=schemas.QUERY)
    def index(self, request: Request) -> dict[str, Any]:
        """The latest period that is over."""
        policy.authorize(request.context, policies.LIST)
        now = datetime.datetime.now(datetime.UTC)
        return {"instance_usage_audit_logs": self._audit(now)}

    @operation(query=schemas.QUERY)
    def show(self, request: Request, before: str) -> dict[str, Any]:
        """The latest period that was over at a moment."""
        policy.authorize(request.context, policies.SHOW)
        return {"instance_usage_audit_log": self._audit(_moment(before))}

    def _audit(self, before: datetime.datetime) -> dict[str, Any]:
        try:
            begin, end = audit_period.last_completed(
                self.settings.instance_usage_audit_period, before
            )
        except (ValueError, OverflowError):
            raise exception.ValidationError(
                detail=f"There is no period before {before}"
            ) from None
        logs = common.read(task_log.list_, _TASK, begin, end)
        services = common.read(
            service_query.services, binary=service_query.COMPUTE
        )
        hosts = {service["host"] for service in services}
        return views.show(begin, end, logs, hosts)


def _moment(text: str) -> datetime.datetime:
    """Raises: ValidationError."""
    form = "%Y-%m-%d %H:%M:%S" + (".%f" if "." in text else "")
    try:
        found = datetime.datetime.strptime(text, form)
    except ValueError:
        raise exception.ValidationError(
            detail=f"Invalid timestamp for date {text[:60]}"
        ) from None
    return found.replace(tzinfo=datetime.UTC)
