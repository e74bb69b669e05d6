# SPDX-License-Identifier: Apache-2.0
"""What a driver tells of a running guest, in the same form for all drivers.

The names are those of the API. None stands for what a hypervisor cannot
tell.

Source: the API reference, server diagnostics since 2.48.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cpu:
    """A virtual CPU: nanoseconds that it ran, and percent of late."""

    id: int | None = None
    time: int | None = None
    utilisation: int | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """What was read from and written to a disk."""

    read_bytes: int | None = None
    read_requests: int | None = None
    write_bytes: int | None = None
    write_requests: int | None = None
    errors_count: int | None = None


@dataclass(frozen=True, slots=True)
class Nic:
    """What a network card received and sent; rates are bytes a second."""

    mac_address: str | None = None
    rx_octets: int | None = None
    rx_errors: int | None = None
    rx_drop: int | None = None
    rx_packets: int | None = None
    rx_rate: int | None = None
    tx_octets: int | None = None
    tx_errors: int | None = None
    tx_drop: int | None = None
    tx_packets: int | None = None
    tx_rate: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB that the guest may have, and has."""

    maximum: int | None = None
    used: int | None = None


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """A running guest. ``state`` is one of ``power_state.NAMES``."""

    state: str
    driver: str
    hypervisor: str | None
    hypervisor_os: str | None
    memory_details: Memory
    cpu_details: Sequence[Cpu] = ()
    disk_details: Sequence[Disk] = ()
    nic_details: Sequence[Nic] = ()
