# SPDX-License-Identifier: Apache-2.0
"""Keeps hosts of an aggregate for the projects that it names."""

from __future__ import annotations

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

KEY = "filter_tenant_id"


class AggregateMultiTenancyIsolation(HostFilter):
    """Turns away other projects where aggregates have filter_tenant_id.

    A host without that key takes servers of every project, of those that
    other hosts are kept for too.
    """

    looks_at = "aggregates"

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or that the host is kept for others."""
        projects = host.aggregates.metadata.get(KEY)
        if not projects or spec.project_id in projects:
            return None
        return "kept for other projects"
