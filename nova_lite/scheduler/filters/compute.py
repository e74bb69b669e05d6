# SPDX-License-Identifier: Apache-2.0
"""Passes hosts whose compute service works and is enabled."""

from __future__ import annotations

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState


class ComputeFilter(HostFilter):
    """Turns away hosts that are disabled, forced down or silent."""

    looks_at = "service"

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or "disabled: ...", "forced down" or "down: ..."."""
        service = host.service
        if service.disabled:
            reason = service.disabled_reason
            return f"disabled: {reason}" if reason else "disabled"
        if service.forced_down:
            return "forced down"
        if not service.silent:
            return None
        if service.last_seen_at is None:
            return "down: no compute service, or none that ever reported"
        since = service.last_seen_at.isoformat(timespec="seconds")
        return f"down: no heartbeat since {since}"
