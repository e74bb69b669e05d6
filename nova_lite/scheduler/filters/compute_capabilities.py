# SPDX-License-Identifier: Apache-2.0
"""Compares a flavor's extra specs with what a kind of host can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler import extra_specs
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import Hardware, HostState

SCOPE = "capabilities"
_MISSING = object()


class ComputeCapabilitiesFilter(HostFilter):
    """Checks extra specs of the scope "capabilities:", or of no scope.

    A key is a path: "capabilities:cpu_info:arch". It starts in what the
    hypervisor reports of itself (hypervisor_type, hypervisor_version,
    supported_instances, cpu_info) or in the driver's capabilities. Specs of
    another scope ("hw:", "quota:" ...) are for others.
    """

    looks_at = "hardware"

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or the first extra spec that the host does not meet."""
        asked: Mapping[str, Any] = spec.flavor.get("extra_specs") or {}
        for key, wanted in asked.items():
            path = key.split(":")
            if len(path) > 1:
                if path[0] != SCOPE:
                    continue
                path = path[1:]
            value = _find(host.hardware, path)
            if value is _MISSING:
                return f"capability {key} is missing"
            if not extra_specs.match(value, str(wanted)):
                return (
                    f"capability {key} does not match: it is {value!r}, "
                    f"asked is {wanted!r}"
                )
        return None


def _find(hardware: Hardware, path: list[str]) -> Any:
    value: Any = {
        **hardware.capabilities,
        "hypervisor_type": hardware.hypervisor_type,
        "hypervisor_version": hardware.hypervisor_version,
        "supported_instances": hardware.supported_instances,
        "cpu_info": hardware.cpu_info,
    }
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _MISSING
        value = value[name]
    return _MISSING if value is None else value
