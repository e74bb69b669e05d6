# SPDX-License-Identifier: Apache-2.0
"""Keep the servers of a group on one host, or on different ones.

The claim holds the policy too, against other schedulers and for a request
of several servers; these say why a host will not do.
"""

from __future__ import annotations

from nova_lite.db.repositories.occupancy import AFFINITY, ANTI_AFFINITY
from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler import neighbours
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState


class _ServerGroupFilter(HostFilter):
    """Asks the group of the request, when it has the filter's policy."""

    policy: str
    even_forced = True

    def concerns(self, spec: RequestSpec) -> bool:
        """Whether the servers are of a group with this policy."""
        group = neighbours.of(spec).group
        return group is not None and group.policy == self.policy

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or what the policy says against the host."""
        group = neighbours.of(spec).group
        if group is None or group.policy != self.policy:
            return None
        return group.refusal(host.provider_id)


class ServerGroupAffinityFilter(_ServerGroupFilter):
    """Passes the host on which the group's servers are; all without one."""

    policy = AFFINITY


class ServerGroupAntiAffinityFilter(_ServerGroupFilter):
    """Passes hosts with fewer servers of the group than its rule allows."""

    policy = ANTI_AFFINITY
