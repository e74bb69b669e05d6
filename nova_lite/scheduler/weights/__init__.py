# SPDX-License-Identifier: Apache-2.0
"""Weighers: which of the hosts that will do is best.

One class per module, found by stevedore under nova_lite.scheduler.weights.
Made and called by scheduler.selection in nova-lite-scheduler.
"""

from __future__ import annotations

import abc

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.host_state import HostState

NAMESPACE = "nova_lite.scheduler.weights"


class HostWeigher(abc.ABC):
    """One measure of a host.

    The measures of all hosts left are brought to 0..1 and multiplied by
    ``multiplier``; the host with the highest sum wins. Options are read in
    the constructor.
    """

    multiplier = 1.0
    # Whether it looks at num_io_ops, which are else not counted.
    counts_io = False

    def for_request(self, spec: RequestSpec) -> HostWeigher | None:
        """The measure for one request; None when it makes no difference."""
        return self

    @abc.abstractmethod
    def weigh(self, host: HostState) -> float:
        """The measure, in any unit: more is better."""
