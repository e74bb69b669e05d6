# SPDX-License-Identifier: Apache-2.0
"""Keeps servers in the availability zone that they ask for."""

from __future__ import annotations

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState


class AvailabilityZoneFilter(HostFilter):
    """Passes hosts of the zone asked for; all when none is."""

    looks_at = "zone"

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or which zone the host is in instead."""
        wanted = spec.availability_zone
        if not wanted or wanted == host.zone:
            return None
        return (
            f"not in availability zone {wanted}: it is in "
            f"{host.zone or 'none'}"
        )
