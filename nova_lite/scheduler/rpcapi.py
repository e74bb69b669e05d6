# SPDX-License-Identifier: Apache-2.0
"""How other daemons reach nova-lite-scheduler."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite import rpc
from nova_lite.context import RequestContext
from nova_lite.objects.compute_node import ComputeNode
from nova_lite.objects.request_spec import Destination, RequestSpec

CONF = cfg.CONF


class SchedulerAPI(rpc.ClientBase):
    """Client of SchedulerManager.

    1.0 - select_destinations, update_host_state, refresh
    1.1 - hosts_changed
    1.2 - check_host
    """

    def __init__(self) -> None:
        super().__init__("scheduler", "1.2", pin=CONF.upgrade_levels.scheduler)

    def select_destinations(
        self, context: RequestContext, spec: RequestSpec, timeout_s: int
    ) -> list[Destination]:
        """Call. Raises: MessagingUnavailable."""
        chosen: list[Destination] = self.call(
            context, "select_destinations", timeout_s=timeout_s, spec=spec
        )
        return chosen

    def check_host(
        self,
        context: RequestContext,
        spec: RequestSpec,
        every: bool,
        timeout_s: int,
    ) -> str | None:
        """Call. Raises: MessagingUnavailable."""
        reason: str | None = self.call(
            context,
            "check_host",
            timeout_s=timeout_s,
            spec=spec,
            every=every,
        )
        return reason

    def update_host_state(
        self, context: RequestContext, compute_node: ComputeNode
    ) -> None:
        """Cast to every scheduler."""
        self.cast(
            context,
            "update_host_state",
            fanout=True,
            compute_node=compute_node,
        )

    def refresh(self, context: RequestContext) -> None:
        """Cast to every scheduler."""
        self.cast(context, "refresh", fanout=True)

    def hosts_changed(self, context: RequestContext) -> None:
        """Cast to every scheduler."""
        self.cast(context, "hosts_changed", fanout=True)
