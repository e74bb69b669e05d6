# SPDX-License-Identifier: Apache-2.0
"""What the API may do with hosts and their services.

Called by the controllers of os-services and os-hosts, in the API process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.compute import rpcapi
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import service_query
from nova_lite.notifications import cloud
from nova_lite.scheduler.client.query import SchedulerQueryClient

CONF = cfg.CONF

Row = dict[str, Any]


class HostAPI:
    """Services are rows; what concerns the hypervisor is asked of it."""

    def __init__(self, compute: rpcapi.ComputeAPI) -> None:
        self._compute = compute
        self._scheduler = SchedulerQueryClient()
        self._down_time_s: int = CONF.service_down_time

    def update_service(
        self, context: RequestContext, row_id: int, values: Mapping[str, Any]
    ) -> Row:
        """Change a service; the schedulers know of it at once."""
        row = _update(row_id, values)
        cloud.service(context, "update", row)
        self._scheduler.hosts_changed(context)
        return row

    def delete_service(self, context: RequestContext, row: Row) -> None:
        """Remove a service. Raises: Conflict."""
        _delete(row)
        cloud.service(context, "delete", row)
        self._scheduler.hosts_changed(context)

    def set_enabled(
        self, context: RequestContext, host: str, enabled: bool
    ) -> str:
        """Let the hypervisor take guests or none.

        Raises: ComputeHostNotFound, ComputeServiceUnavailable, NotSupported.
        """
        self._check_up(host)
        return self._compute.set_host_enabled(context, host, enabled)

    def set_maintenance(
        self, context: RequestContext, host: str, mode: bool
    ) -> str:
        """Begin or end maintenance. Raises: as set_enabled."""
        self._check_up(host)
        return self._compute.host_maintenance_mode(context, host, mode)

    def power_action(
        self, context: RequestContext, host: str, action: str
    ) -> str:
        """Start, stop or restart a host. Raises: as set_enabled."""
        self._check_up(host)
        return self._compute.host_power_action(context, host, action)

    def _check_up(self, host: str) -> None:
        found = _services(host)
        if not found:
            raise exception.ComputeHostNotFound(host=host)
        if not service_query.is_up(found[0], self._down_time_s):
            raise exception.ComputeServiceUnavailable(host=host)


@db.transaction
def _services(host: str) -> list[Row]:
    with db.reader() as session:
        return service_query.services(session, host, service_query.COMPUTE)


@db.transaction
def _update(row_id: int, values: Mapping[str, Any]) -> Row:
    with db.writer() as session:
        return service_query.update_service(session, row_id, values)


@db.transaction
def _delete(row: Row) -> None:
    with db.writer() as session:
        service_query.delete_service(session, row)
