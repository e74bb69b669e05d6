# SPDX-License-Identifier: Apache-2.0
"""What the daemons cost by being there: idle, memory, start."""

from __future__ import annotations

import time

from bench import servers
from bench.cloud import Cloud
from bench.usage import Count, Counters, cpu_s, pss_mib

_IDLE_S = 30.0
# Long enough for every periodic task, the rarest of which comes each minute.
_WATCH_S = 60.0
# Until what a start leaves to do is over.
_SETTLE_S = 10.0
_STARTS = 3


def idle(cloud: Cloud, counters: Counters) -> tuple[Count, float]:
    """Statements and messages a second, and CPU seconds in 30 s."""
    time.sleep(_SETTLE_S)
    cpu, before, begun = cpu_s(cloud.pids()), counters.read(), time.monotonic()
    time.sleep(_WATCH_S)
    used = cpu_s(cloud.pids()) - cpu
    took = time.monotonic() - begun
    return counters.read().since(before).per(took), used * _IDLE_S / took


def memory(cloud: Cloud) -> float:
    """MiB of all daemons."""
    return pss_mib(cloud.pids())


def start(cloud: Cloud) -> float:
    """Seconds from starting the daemons to the first ACTIVE server.

    The least of some starts, since the machine's noise only adds.
    """
    took = []
    for _ in range(_STARTS):
        cloud.stop()
        begun = time.perf_counter()
        cloud.launch()
        servers.wait(cloud.answers, "the API listens", 0.01)
        ident, _ = servers.boot(cloud, "first")
        took.append(time.perf_counter() - begun)
        servers.delete(cloud, ident)
    return min(took)
