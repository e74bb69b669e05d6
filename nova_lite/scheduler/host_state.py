# SPDX-License-Identifier: Apache-2.0
"""A host as the scheduler keeps it in memory.

Made and changed by host_manager; read by filters and weighers. One per
compute node, so there may be many thousands: what is equal on many hosts is
one shared object.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VCPU = "VCPU"
MEMORY_MB = "MEMORY_MB"
DISK_GB = "DISK_GB"


@dataclass(frozen=True, slots=True, eq=False)
class Hardware:
    """What a kind of host is; hosts of one kind share one object.

    Compared by identity, so that a filter which looks only at this is asked
    once for all hosts of a kind.
    """

    hypervisor_type: str
    hypervisor_version: int
    # (architecture, hypervisor, vm_mode) each
    supported_instances: Sequence[Sequence[str]] = ()
    cpu_info: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ServiceState:
    """Why a compute service takes no servers; ``WORKING`` when it does.

    Compared by identity, as Hardware is: all that work share one object.
    """

    disabled: bool = False
    disabled_reason: str | None = None
    forced_down: bool = False
    silent: bool = False
    last_seen_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AggregateSet:
    """The aggregates of a host; all hosts in the same ones share one object.

    ``metadata`` is that of all of them together: a key has several values
    when they differ, or when a value is a list with commas.
    """

    ids: Sequence[int] = ()
    metadata: Mapping[str, frozenset[str]] = field(default_factory=dict)


NO_AGGREGATES = AggregateSet()
WORKING = ServiceState()
# Of a node whose service has no row.
ABSENT = ServiceState(silent=True)


@dataclass(slots=True)
class HostState:
    """One compute node: who it is, whether it works, what is free.

    ``capacity``, ``used`` and ``free`` are by resource class; a capacity
    has ratio and reserved amount in it. ``generation`` is the provider's
    when ``used`` was read, ``updated_at`` the node's row's.
    """

    uuid: str
    host: str
    node: str
    provider_id: int
    hardware: Hardware
    updated_at: datetime.datetime | None = None
    zone: str = ""
    service: ServiceState = ABSENT
    aggregates: AggregateSet = NO_AGGREGATES
    generation: int = -1
    capacity: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    free: dict[str, int] = field(default_factory=dict)
    failed_builds: int = 0
    num_instances: int = 0
    # Servers being built, moved or copied; counted for who asks only.
    num_io_ops: int = 0
    host_ip: str = ""

    def set_stock(
        self, generation: int, capacity: dict[str, int], used: dict[str, int]
    ) -> None:
        """Take over what the database says of the provider."""
        self.generation = generation
        self.capacity = capacity
        self.used = used
        self.free = {
            name: most - used.get(name, 0) for name, most in capacity.items()
        }

    def consume(self, needs: Mapping[str, int], servers: int = 1) -> None:
        """Count servers in, or out again (-1).

        The claim that makes it true comes after.
        """
        for name, amount in needs.items():
            self.used[name] = self.used.get(name, 0) + amount * servers
            self.free[name] = self.free.get(name, 0) - amount * servers
        self.num_instances += servers
        self.num_io_ops += servers

    def fits(self, needs: Mapping[str, int]) -> bool:
        """Whether there is room for one more server."""
        free = self.free
        for name, amount in needs.items():
            if free.get(name, 0) < amount:
                return False
        return True
