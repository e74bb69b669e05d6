# SPDX-License-Identifier: Apache-2.0
"""Passes hosts whose compute service works and is enabled."""

from __future__ import annotations

import datetime
import time

from oslo_config import cfg

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

CONF = cfg.CONF


class ComputeFilter(HostFilter):
    """Turns away hosts that are disabled, forced down or silent."""

    def __init__(self) -> None:
        self._down_time_s: int = CONF.service_down_time

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or "disabled: ...", "forced down" or "down: ..."."""
        if host.disabled:
            reason = host.disabled_reason
            return f"disabled: {reason}" if reason else "disabled"
        if host.forced_down:
            return "forced down"
        if time.time() - host.last_seen_at <= self._down_time_s:
            return None
        if not host.last_seen_at:
            return "down: it has no compute service or never reported"
        since = datetime.datetime.fromtimestamp(
            int(host.last_seen_at), datetime.UTC
        )
        return f"down: no heartbeat since {since.isoformat()}"
