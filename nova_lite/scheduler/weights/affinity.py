# SPDX-License-Identifier: Apache-2.0
"""Obey the soft policies of server groups as far as there is room."""

from __future__ import annotations

import abc

from oslo_config import cfg

from nova_lite.db.repositories.occupancy import (
    SOFT_AFFINITY,
    SOFT_ANTI_AFFINITY,
    Group,
)
from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler import neighbours
from nova_lite.scheduler.host_state import HostState
from nova_lite.scheduler.weights import HostWeigher

CONF = cfg.CONF


class _SoftPolicyWeigher(HostWeigher):
    """Measures the servers of the request's group on a host."""

    policy: str

    def __init__(self, group: Group | None = None) -> None:
        self.multiplier = self._weight()
        self._group = group

    @abc.abstractmethod
    def _weight(self) -> float:
        """The configured multiplier."""

    def for_request(self, spec: RequestSpec) -> HostWeigher | None:
        """None for a request that is of no group with this policy."""
        group = neighbours.of(spec).group
        if group is None or group.policy != self.policy:
            return None
        return type(self)(group)

    def weigh(self, host: HostState) -> float:
        """The number of the group's servers."""
        if self._group is None:
            return 0
        return self._group.members.get(host.provider_id, 0)


class ServerGroupSoftAffinityWeigher(_SoftPolicyWeigher):
    """Prefers hosts with more servers of the group."""

    policy = SOFT_AFFINITY

    def _weight(self) -> float:
        weight: float = CONF.filter_scheduler.soft_affinity_weight_multiplier
        return weight


class ServerGroupSoftAntiAffinityWeigher(_SoftPolicyWeigher):
    """Prefers hosts with fewer servers of the group."""

    policy = SOFT_ANTI_AFFINITY

    def _weight(self) -> float:
        options = CONF.filter_scheduler
        weight: float = options.soft_anti_affinity_weight_multiplier
        return -weight
