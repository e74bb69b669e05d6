# SPDX-License-Identifier: Apache-2.0
"""The limits resource: what a project may have, and what it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Field, Fields, Schema, strict
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import instance_query
from nova_lite.policies import limits as policies

_TEXT = types.many({"type": "string", "maxLength": 255})
_QUERY = Schema(types.query({"tenant_id": _TEXT, "reserved": _TEXT})).since(
    "2.75", strict()
)
_UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class _Usage:
    instances: int
    cores: int
    memory_mb: int


def _limit(value: int) -> Callable[[Any, Any], int]:
    return lambda _usage, _view: value


_ABSOLUTE = Fields(
    Field("2.1", "maxTotalInstances", _limit(_UNLIMITED)),
    Field("2.1", "maxTotalCores", _limit(_UNLIMITED)),
    Field("2.1", "maxTotalRAMSize", _limit(_UNLIMITED)),
    Field("2.1", "maxTotalKeypairs", _limit(_UNLIMITED)),
    Field("2.1", "maxServerMeta", _limit(_UNLIMITED)),
    Field("2.1", "maxServerGroups", _limit(0)),
    Field("2.1", "maxServerGroupMembers", _limit(0)),
    Field("2.1", "maxImageMeta", _limit(_UNLIMITED), until="2.38"),
    Field("2.1", "maxPersonality", _limit(0), until="2.56"),
    Field("2.1", "maxPersonalitySize", _limit(0), until="2.56"),
    Field("2.1", "maxSecurityGroups", _limit(0), until="2.35"),
    Field("2.1", "maxSecurityGroupRules", _limit(0), until="2.35"),
    Field("2.1", "maxTotalFloatingIps", _limit(0), until="2.35"),
    Field("2.1", "totalInstancesUsed", lambda usage, _: usage.instances),
    Field("2.1", "totalCoresUsed", lambda usage, _: usage.cores),
    Field("2.1", "totalRAMUsed", lambda usage, _: usage.memory_mb),
    Field("2.1", "totalServerGroupsUsed", _limit(0)),
    Field("2.1", "totalSecurityGroupsUsed", _limit(0), until="2.35"),
    Field("2.1", "totalFloatingIpsUsed", _limit(0), until="2.35"),
)


class LimitsController(common.Controller):
    """/limits."""

    @operation(query=_QUERY)
    def index(self, request: Request) -> dict[str, Any]:
        """Show the limits and the usage of a project."""
        context = request.context
        policy.authorize(context, policies.SHOW)
        project_id = request.one("tenant_id") or context.project_id or ""
        if project_id != context.project_id:
            policy.authorize(context, policies.OTHER_PROJECT)
        usage = _Usage(*common.read(instance_query.usage, project_id))
        absolute = _ABSOLUTE.show(request.version, usage, None)
        return {"limits": {"rate": [], "absolute": absolute}}
