# SPDX-License-Identifier: Apache-2.0
"""What a request needs of a host, in resource classes."""

from __future__ import annotations

from nova_lite.scheduler.host_state import DISK_GB, MEMORY_MB, VCPU, HostState

# Resource class -> what a person calls it, and its unit.
_WORDS = {
    VCPU: ("VCPUs", ""),
    MEMORY_MB: ("memory", " MB"),
    DISK_GB: ("disk", " GB"),
}


def shortage(host: HostState, needs: dict[str, int]) -> str | None:
    """Which resource the host lacks, in figures; None when it has room."""
    for name, amount in needs.items():
        free = host.free.get(name, 0)
        if free < amount:
            word, unit = _WORDS.get(name, (name, ""))
            return (
                f"not enough {word}: needs {amount}{unit}, {max(free, 0)} "
                f"free of {host.capacity.get(name, 0)}"
            )
    return None
