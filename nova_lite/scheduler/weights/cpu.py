# SPDX-License-Identifier: Apache-2.0
"""Prefers hosts with more free VCPUs."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.scheduler.host_state import VCPU, HostState
from nova_lite.scheduler.weights import HostWeigher

CONF = cfg.CONF


class CPUWeigher(HostWeigher):
    """Measures free VCPUs; a negative multiplier fills hosts up."""

    def __init__(self) -> None:
        self.multiplier = CONF.filter_scheduler.cpu_weight_multiplier

    def weigh(self, host: HostState) -> float:
        """What is free, ratio included."""
        return host.free.get(VCPU, 0)
