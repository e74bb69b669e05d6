# SPDX-License-Identifier: Apache-2.0
"""The extensions resource: a fixed list, which old clients ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import extensions as policies

_NAMES: Mapping[str, str] = {
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage",
    "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-extended-volumes": "ExtendedVolumes",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-flavor-rxtx": "FlavorRxtx",
    "os-hypervisors": "Hypervisors",
    "os-instance-actions": "InstanceActions",
    "os-keypairs": "Keypairs",
    "os-multiple-create": "MultipleCreate",
    "os-services": "Services",
    "os-used-limits": "UsedLimits",
    "os-user-data": "UserData",
}
_NAMESPACE = "http://docs.openstack.org/compute/ext/fake_xml"
_UPDATED = "2014-12-03T00:00:00Z"


class ExtensionsController(common.Controller):
    """/extensions and /extensions/{alias}."""

    @operation()
    def index(self, request: Request) -> dict[str, Any]:
        """List the extensions."""
        policy.authorize(request.context, policies.SHOW)
        return {"extensions": [_show(alias) for alias in sorted(_NAMES)]}

    @operation()
    def show(self, request: Request, alias: str) -> dict[str, Any]:
        """Show one extension."""
        policy.authorize(request.context, policies.SHOW)
        if alias not in _NAMES:
            raise exception.NotFound(f"There is no extension '{alias[:60]}'.")
        return {"extension": _show(alias)}


def _show(alias: str) -> dict[str, Any]:
    name = _NAMES[alias]
    return {
        "alias": alias,
        "name": name,
        "description": f"{name} is a part of this API.",
        "namespace": _NAMESPACE,
        "updated": _UPDATED,
        "links": [],
    }
