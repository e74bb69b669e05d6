# SPDX-License-Identifier: Apache-2.0
"""What a request needs of a host, in resource classes."""

from __future__ import annotations

import math

from nova_lite import exception
from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.host_state import DISK_GB, MEMORY_MB, VCPU, HostState

_PREFIX = "resources:"
# Resource class -> what a person calls it, and its unit.
_WORDS = {
    VCPU: ("VCPUs", ""),
    MEMORY_MB: ("memory", " MB"),
    DISK_GB: ("disk", " GB"),
}


def needs_of(spec: RequestSpec) -> dict[str, int]:
    """Amount by resource class of one server of the request.

    An extra spec "resources:CLASS" overrides the flavor's figure or adds a
    class; 0 asks for none of it.
    Raises: Invalid when such a figure is no whole number.
    """
    flavor = spec.flavor
    needs = {
        VCPU: int(flavor["vcpus"]),
        MEMORY_MB: int(flavor["memory_mb"]),
        DISK_GB: int(flavor.get("root_gb") or 0)
        + int(flavor.get("ephemeral_gb") or 0)
        + math.ceil(int(flavor.get("swap_mb") or 0) / 1024),
    }
    for key, value in (flavor.get("extra_specs") or {}).items():
        if key.startswith(_PREFIX):
            if not str(value).isdecimal():
                raise exception.Invalid(
                    f"The flavor's extra spec {key} must be a whole number, "
                    f"not {value!r}."
                )
            needs[key.removeprefix(_PREFIX)] = int(value)
    return {name: amount for name, amount in needs.items() if amount}


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
