# SPDX-License-Identifier: Apache-2.0
"""What conductor, compute and the API ask of the schedulers."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.context import RequestContext
from nova_lite.objects.compute_node import ComputeNode
from nova_lite.objects.request_spec import Destination, RequestSpec
from nova_lite.scheduler import rpcapi

CONF = cfg.CONF


class SchedulerQueryClient:
    """Asks for hosts, and tells the schedulers of changes."""

    def __init__(self) -> None:
        self._rpcapi = rpcapi.SchedulerAPI()
        self._timeout_s: int = CONF.scheduler.select_timeout_s

    def select_destinations(
        self, context: RequestContext, spec: RequestSpec
    ) -> list[Destination]:
        """A claimed host, or reasons, for each server of the request.

        Safe to ask again after an error: a former claim is replaced.
        Raises: MessagingUnavailable; DatabaseUnavailable; Invalid.
        """
        return self._rpcapi.select_destinations(
            context, spec, timeout_s=self._timeout_s
        )

    def check_host(
        self, context: RequestContext, spec: RequestSpec, every: bool = False
    ) -> str | None:
        """Why the host of a server may not have its new image, or None.

        ``every``: all filters are asked, for a server with a new flavor.

        Raises: MessagingUnavailable; DatabaseUnavailable.
        """
        return self._rpcapi.check_host(
            context, spec, every, timeout_s=self._timeout_s
        )

    def update_host_state(
        self, context: RequestContext, compute_node: ComputeNode
    ) -> None:
        """Tell that a host has changed. May be lost without harm."""
        self._rpcapi.update_host_state(context, compute_node)

    def refresh(self, context: RequestContext) -> None:
        """Make the schedulers read all hosts anew. May be lost."""
        self._rpcapi.refresh(context)

    def hosts_changed(self, context: RequestContext) -> None:
        """Tell that services or aggregates changed. May be lost."""
        self._rpcapi.hosts_changed(context)
