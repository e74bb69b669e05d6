# SPDX-License-Identifier: Apache-2.0
"""How diagnostics are shown, in the form of all hypervisors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.api.openstack.versioned import Value
from nova_lite.db.models.base import now
from nova_lite.objects.diagnostics import InstanceDiagnostics

# Before, each driver showed what it liked.
STANDARD = Value(False).since("2.48", True)


def show(
    found: InstanceDiagnostics, server: Mapping[str, Any]
) -> dict[str, Any]:
    """What the hypervisor told of a server, and what is known of it here."""
    launched_at = server["launched_at"]
    uptime_s = (now() - launched_at).total_seconds() if launched_at else None
    return {
        "state": found.state,
        "driver": found.driver,
        "hypervisor": found.hypervisor,
        "hypervisor_os": found.hypervisor_os,
        "uptime": None if uptime_s is None else int(uptime_s),
        "config_drive": server["config_drive"],
        "num_cpus": len(found.cpu_details),
        "num_nics": len(found.nic_details),
        "num_disks": len(found.disk_details),
        "memory_details": found.memory_details,
        "cpu_details": found.cpu_details,
        "disk_details": found.disk_details,
        "nic_details": found.nic_details,
    }
