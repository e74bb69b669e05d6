# SPDX-License-Identifier: Apache-2.0
"""Compares an image's properties with the metadata of a host's aggregates."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

CONF = cfg.CONF


class AggregateImagePropertiesIsolation(HostFilter):
    """Turns away images with another value of a key that aggregates have.

    An image without the property may run anywhere. Only keys that begin
    with the namespace of the options count, where one is set.
    """

    on_rebuild = True
    looks_at = "aggregates"

    def __init__(self) -> None:
        options = CONF.filter_scheduler
        namespace = options.aggregate_image_properties_isolation_namespace
        separator = options.aggregate_image_properties_isolation_separator
        self._prefix: str = namespace + separator if namespace else ""

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or the first property that does not match."""
        properties = spec.image.get("properties") or {}
        for key, values in host.aggregates.metadata.items():
            value = properties.get(key)
            if not value or not key.startswith(self._prefix):
                continue
            if str(value) not in values:
                return (
                    f"the image's {key} does not match the aggregate's: it "
                    f"is {value}, allowed {', '.join(sorted(values))}"
                )
        return None
