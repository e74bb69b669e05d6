# SPDX-License-Identifier: Apache-2.0
"""Turn away hosts that have much to do, or many servers."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

CONF = cfg.CONF


class IoOpsFilter(HostFilter):
    """Passes hosts with few servers being built or copied."""

    counts_io = True
    counts_servers = True

    def __init__(self) -> None:
        self._most: int = CONF.filter_scheduler.max_io_ops_per_host

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or how many there are."""
        if host.num_io_ops < self._most:
            return None
        return f"too many servers in work: {host.num_io_ops} of {self._most}"


class NumInstancesFilter(HostFilter):
    """Passes hosts with fewer servers than may be there."""

    counts_servers = True

    def __init__(self) -> None:
        self._most: int = CONF.filter_scheduler.max_instances_per_host

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or how many there are."""
        if host.num_instances < self._most:
            return None
        return f"too many servers: {host.num_instances} of {self._most}"
