# SPDX-License-Identifier: Apache-2.0
"""Measure what a host has to do, and how many servers it has."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.scheduler.host_state import HostState
from nova_lite.scheduler.weights import HostWeigher

CONF = cfg.CONF


class IoOpsWeigher(HostWeigher):
    """Measures servers being built or copied."""

    counts_io = True

    def __init__(self) -> None:
        self.multiplier = CONF.filter_scheduler.io_ops_weight_multiplier

    def weigh(self, host: HostState) -> float:
        """Their number; the multiplier is negative by default."""
        return host.num_io_ops


class NumInstancesWeigher(HostWeigher):
    """Measures servers, whatever they do."""

    def __init__(self) -> None:
        self.multiplier = CONF.filter_scheduler.num_instances_weight_multiplier

    def weigh(self, host: HostState) -> float:
        """Their number."""
        return host.num_instances
