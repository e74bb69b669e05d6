# SPDX-License-Identifier: Apache-2.0
"""What the fake driver's guests tell: a console and made-up numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

from nova_lite.compute import power_state
from nova_lite.virt import diagnostics
from nova_lite.virt.fake_guests import Guest

# What every guest is said to have done.
_CPU_TIME_NS = 12_000_000_000
_DISK = diagnostics.Disk(
    read_bytes=8 * 1024**2,
    read_requests=256,
    write_bytes=1024**2,
    write_requests=64,
    errors_count=0,
)
_NIC = diagnostics.Nic(
    rx_octets=4096,
    rx_errors=0,
    rx_drop=0,
    rx_packets=32,
    tx_octets=2048,
    tx_errors=0,
    tx_drop=0,
    tx_packets=16,
)


def console(guest: Guest, host: str) -> str:
    """A few lines that name the guest and what happened to it."""
    text = (
        f"fake BIOS: guest {guest.name} on {host}\r\n"
        f"{guest.display_name}: uuid {guest.uuid}\r\n"
        f"{guest.display_name}: ready, start {guest.starts}\r\n"
    )
    if guest.nmis:
        text += f"{guest.display_name}: NMI {guest.nmis}\r\n"
    if guest.rescued:
        text += f"{guest.display_name}: rescued by {guest.rescued}\r\n"
    return text


def free_form(guest: Guest) -> dict[str, Any]:
    """Diagnostics in the hypervisor's own form."""
    return {
        **{f"cpu{n}_time": _CPU_TIME_NS for n in range(guest.vcpus)},
        "vda_read_req": _DISK.read_requests,
        "vda_read": _DISK.read_bytes,
        "vda_write_req": _DISK.write_requests,
        "vda_write": _DISK.write_bytes,
        "vda_errors": _DISK.errors_count,
        "memory": guest.memory_mb * 1024,
    }


def standard(guest: Guest) -> diagnostics.Diagnostics:
    """Diagnostics in the form that all hypervisors share."""
    return diagnostics.Diagnostics(
        state=power_state.NAMES[guest.state],
        # The API names real drivers only; upstream's fake says this too.
        driver="libvirt",
        hypervisor="fake",
        hypervisor_os="linux",
        memory_details=diagnostics.Memory(
            maximum=guest.memory_mb, used=guest.memory_mb
        ),
        cpu_details=[
            diagnostics.Cpu(id=n, time=_CPU_TIME_NS)
            for n in range(guest.vcpus)
        ],
        disk_details=[_DISK],
        nic_details=[
            dataclasses.replace(_NIC, mac_address=mac)
            for mac in guest.nics.values()
        ],
    )
