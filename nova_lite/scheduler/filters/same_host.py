# SPDX-License-Identifier: Apache-2.0
"""Obey the hints same_host and different_host, which name servers."""

from __future__ import annotations

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler import neighbours
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState


class SameHostFilter(HostFilter):
    """Passes hosts with any of the servers that same_host names."""

    def concerns(self, spec: RequestSpec) -> bool:
        """Whether there is such a hint."""
        return neighbours.of(spec).same is not None

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or that none of the servers is there."""
        wanted = neighbours.of(spec).same
        if wanted is None or host.provider_id in wanted:
            return None
        return "none of the servers of the hint same_host is on it"


class DifferentHostFilter(HostFilter):
    """Passes hosts with none of the servers that different_host names."""

    def concerns(self, spec: RequestSpec) -> bool:
        """Whether there is such a hint."""
        return neighbours.of(spec).different is not None

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or that one of the servers is there."""
        if host.provider_id not in (neighbours.of(spec).different or ()):
            return None
        return "a server of the hint different_host is on it"
