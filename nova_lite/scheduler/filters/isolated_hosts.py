# SPDX-License-Identifier: Apache-2.0
"""Keeps some images on some hosts, and other images off these."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

CONF = cfg.CONF


class IsolatedHostsFilter(HostFilter):
    """Checks isolated_images against isolated_hosts."""

    on_rebuild = True
    looks_at = "host"

    def __init__(self) -> None:
        options = CONF.filter_scheduler
        self._images = frozenset(options.isolated_images)
        self._hosts = frozenset(options.isolated_hosts)
        self._restricts: bool = (
            options.restrict_isolated_hosts_to_isolated_images
        )

    def concerns(self, spec: RequestSpec) -> bool:
        """Whether any image or host is isolated."""
        return bool(self._images or self._hosts)

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or which of the two is isolated."""
        image = spec.image.get("id") in self._images
        here = host.host in self._hosts
        if image and not here:
            return "the image is for isolated hosts"
        if here and not image and self._restricts:
            return "the host is for isolated images"
        return None
