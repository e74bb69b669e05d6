# SPDX-License-Identifier: Apache-2.0
"""Avoids hosts on which builds failed of late."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.scheduler.host_state import HostState
from nova_lite.scheduler.weights import HostWeigher

CONF = cfg.CONF


class BuildFailureWeigher(HostWeigher):
    """Measures builds that failed since the last one that succeeded."""

    def __init__(self) -> None:
        options = CONF.filter_scheduler
        self.multiplier = -options.build_failure_weight_multiplier

    def weigh(self, host: HostState) -> float:
        """The number of failed builds; the multiplier is negative."""
        return host.failed_builds
