# SPDX-License-Identifier: Apache-2.0
"""Keeps hosts of an aggregate for the flavors that it names."""

from __future__ import annotations

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

KEY = "instance_type"


class AggregateTypeAffinityFilter(HostFilter):
    """Passes flavors named by instance_type, where aggregates have it."""

    looks_at = "aggregates"

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or that the host is kept for other flavors."""
        names = host.aggregates.metadata.get(KEY)
        if not names or spec.flavor.get("name") in names:
            return None
        return "kept for other flavors"
