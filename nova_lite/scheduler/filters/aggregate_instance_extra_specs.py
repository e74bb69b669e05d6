# SPDX-License-Identifier: Apache-2.0
"""Compares a flavor's extra specs with the metadata of a host's aggregates."""

from __future__ import annotations

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler import extra_specs
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

SCOPE = "aggregate_instance_extra_specs"


class AggregateInstanceExtraSpecsFilter(HostFilter):
    """Passes hosts in aggregates that have what the flavor asks for.

    Extra specs of the scope "aggregate_instance_extra_specs:" or of no scope
    are looked at; those of another scope ("hw:") are for others.
    """

    looks_at = "aggregates"

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or the first extra spec that no aggregate meets."""
        for key, wanted in (spec.flavor.get("extra_specs") or {}).items():
            scope, colon, name = key.partition(":")
            if not colon:
                name = scope
            elif scope != SCOPE:
                continue
            values = host.aggregates.metadata.get(name)
            if not values:
                return f"no aggregate has extra spec {name}"
            if not any(extra_specs.match(v, str(wanted)) for v in values):
                return (
                    f"no aggregate matches extra spec {name}: asked is "
                    f"{wanted!r}, found {', '.join(sorted(values))}"
                )
        return None
