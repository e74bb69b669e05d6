# SPDX-License-Identifier: Apache-2.0
"""The os-availability-zone resource, made of the services' zones."""

from __future__ import annotations

from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import binaries
from nova_lite.api.openstack.compute.schemas import (
    availability_zone as schemas,
)
from nova_lite.api.openstack.compute.views import services as service_views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import service_query
from nova_lite.policies import availability_zone as policies


class AvailabilityZoneController(common.Controller):
    """/os-availability-zone and /os-availability-zone/detail."""

    @operation(query=schemas.QUERY)
    def index(self, request: Request) -> dict[str, Any]:
        """List the zones that servers can be in."""
        policy.authorize(request.context, policies.LIST)
        return self._zones(detail=False)

    @operation(query=schemas.QUERY)
    def detail(self, request: Request) -> dict[str, Any]:
        """List all zones with their hosts and services."""
        policy.authorize(request.context, policies.DETAIL)
        return self._zones(detail=True)

    def _zones(self, *, detail: bool) -> dict[str, Any]:
        """Zones of enabled services, then those with disabled ones alone."""
        available: dict[str, list[dict[str, Any]]] = {}
        others: set[str] = set()
        for row in common.read(service_query.services):
            name = service_views.zone(row, self.settings)
            if row["disabled"]:
                others.add(name)
            else:
                available.setdefault(name, []).append(row)
        internal = self.settings.internal_service_availability_zone
        zones = [
            *((name, available[name]) for name in sorted(available)),
            *((name, None) for name in sorted(others - available.keys())),
        ]
        return {
            "availabilityZoneInfo": [
                {
                    "zoneName": name,
                    "zoneState": {"available": rows is not None},
                    "hosts": self._hosts(rows) if detail and rows else None,
                }
                for name, rows in zones
                if detail or name != internal
            ]
        }

    def _hosts(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        hosts: dict[str, dict[str, Any]] = {}
        down_time_s = self.settings.service_down_time_s
        for row in rows:
            name = binaries.shown(row["binary"])
            hosts.setdefault(row["host"], {})[name] = {
                "active": True,
                "available": service_query.is_up(row, down_time_s),
                "updated_at": service_views.seen_at(row),
            }
        return hosts
