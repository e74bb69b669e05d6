# SPDX-License-Identifier: Apache-2.0
"""The os-hosts resource, which ends with 2.42: hosts and what uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import hosts as schemas
from nova_lite.api.openstack.compute.views import services as service_views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import service_query
from nova_lite.policies import hosts as policies


class HostsController(common.Controller):
    """/os-hosts and what is below it."""

    @operation(until="2.42", query=schemas.INDEX)
    def index(self, request: Request) -> dict[str, Any]:
        """List the hosts of enabled services."""
        policy.authorize(request.context, policies.LIST)
        wanted = request.one("zone")
        hosts = [
            {
                "host_name": row["host"],
                "service": row["topic"],
                "zone": service_views.zone(row, self.settings),
            }
            for row in common.read(service_query.services)
            if not row["disabled"]
        ]
        return {
            "hosts": [
                host for host in hosts if not wanted or host["zone"] == wanted
            ]
        }

    @operation(until="2.42", query=schemas.EMPTY)
    def show(self, request: Request, host_name: str) -> dict[str, Any]:
        """Show what a host has, and which project uses how much of it."""
        policy.authorize(request.context, policies.SHOW)
        node = common.read(service_query.node_of_host, host_name)
        usage = common.read(service_query.usage_by_project, host_name)
        most = {
            name: sum(row[name] for row in usage.values())
            for name in ("cpu", "memory_mb", "disk_gb")
        }
        return {
            "host": [
                _resource(
                    host_name,
                    "(total)",
                    {
                        "cpu": node["vcpus"],
                        "memory_mb": node["memory_mb"],
                        "disk_gb": node["local_gb"],
                    },
                ),
                _resource(
                    host_name,
                    "(used_now)",
                    {
                        "cpu": node["vcpus_used"],
                        "memory_mb": node["memory_mb_used"],
                        "disk_gb": node["local_gb_used"],
                    },
                ),
                _resource(host_name, "(used_max)", most),
                *(
                    _resource(host_name, project_id, row)
                    for project_id, row in usage.items()
                ),
            ]
        }

    @operation(until="2.42", body=schemas.UPDATE, errors=(501,))
    def update(
        self, request: Request, host_name: str, body: Any
    ) -> dict[str, Any]:
        """Have the hypervisor enable the host, or maintain it."""
        context = request.context
        policy.authorize(context, policies.UPDATE)
        hosts = self.compute_api.hosts
        shown = {"host": host_name}
        if "status" in body:
            shown["status"] = hosts.set_enabled(
                context, host_name, body["status"].lower() == "enable"
            )
        if "maintenance_mode" in body:
            shown["maintenance_mode"] = hosts.set_maintenance(
                context,
                host_name,
                body["maintenance_mode"].lower() == "enable",
            )
        return shown

    @operation(until="2.42", query=schemas.EMPTY, errors=(501,))
    def startup(self, request: Request, host_name: str) -> dict[str, Any]:
        """Start a host."""
        policy.authorize(request.context, policies.START)
        return self._power(request, host_name, "startup")

    @operation(until="2.42", query=schemas.EMPTY, errors=(501,))
    def shutdown(self, request: Request, host_name: str) -> dict[str, Any]:
        """Shut a host down."""
        policy.authorize(request.context, policies.SHUTDOWN)
        return self._power(request, host_name, "shutdown")

    @operation(until="2.42", query=schemas.EMPTY, errors=(501,))
    def reboot(self, request: Request, host_name: str) -> dict[str, Any]:
        """Reboot a host."""
        policy.authorize(request.context, policies.REBOOT)
        return self._power(request, host_name, "reboot")

    def _power(
        self, request: Request, host_name: str, action: str
    ) -> dict[str, Any]:
        done = self.compute_api.hosts.power_action(
            request.context, host_name, action
        )
        return {"host": host_name, "power_action": done}


def _resource(
    host_name: str, project: str, amounts: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "resource": {"host": host_name, "project": project, **amounts},
    }
