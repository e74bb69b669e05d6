# SPDX-License-Identifier: Apache-2.0
"""Obeys the hints build_near_host_ip and cidr: a host of a network."""

from __future__ import annotations

import ipaddress

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

_WIDTH = "/24"


class SimpleCIDRAffinityFilter(HostFilter):
    """Passes hosts whose address is in the network of the hints."""

    looks_at = "host_ip"

    def concerns(self, spec: RequestSpec) -> bool:
        """Whether there is such a hint."""
        return bool(spec.scheduler_hints.get("build_near_host_ip"))

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or that the host is elsewhere."""
        hints = spec.scheduler_hints
        near = hints.get("build_near_host_ip")
        if not near:
            return None
        text = f"{near}{hints.get('cidr') or _WIDTH}"
        try:
            network = ipaddress.ip_network(text, strict=False)
            inside = ipaddress.ip_address(host.host_ip) in network
        except ValueError:
            return f"no network can be made of the hints: {text}"
        return None if inside else f"its address is not in {network}"
