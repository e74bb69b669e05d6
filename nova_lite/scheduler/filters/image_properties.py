# SPDX-License-Identifier: Apache-2.0
"""Compares what an image is made for with what a host can run."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState

# Present name and the one that old images have, in the order of a host's
# supported_instances.
_WISHES = (
    ("architecture", ("hw_architecture", "architecture")),
    ("hypervisor type", ("img_hv_type", "hypervisor_type")),
    ("vm mode", ("hw_vm_mode", "vm_mode")),
)
_VERSION = ("img_hv_requested_version", "hypervisor_version_requires")
_ALIASES = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "i386": "i686",
    "x86": "i686",
    "arm64": "aarch64",
    "pv": "xen",
    "hv": "hvm",
    "baremetal": "ironic",
}
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_CLAUSE = re.compile(r"(<=|>=|==|!=|<|>|=)\s*(\d+(?:\.\d+)*)$")


class ImagePropertiesFilter(HostFilter):
    """Checks architecture, hypervisor type, vm mode, hypervisor version."""

    on_rebuild = True
    looks_at = "hardware"

    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None, or what the image needs and the host has not."""
        properties = spec.image.get("properties") or {}
        if not properties:
            return None
        wanted = [_get(properties, names) for _, names in _WISHES]
        if any(wanted) and not any(
            _matches(wanted, offered)
            for offered in host.hardware.supported_instances
        ):
            text = ", ".join(
                f"{label} {value}"
                for (label, _), value in zip(_WISHES, wanted, strict=True)
                if value
            )
            return f"cannot run the image's {text}"
        return _check_version(
            _get(properties, _VERSION), host.hardware.hypervisor_version
        )


def _get(properties: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        if properties.get(name):
            return str(properties[name]).strip().lower()
    return None


def _matches(wanted: list[str | None], offered: Any) -> bool:
    return all(
        value is None or _same(value) == _same(str(other).lower())
        for value, other in zip(wanted, offered, strict=False)
    )


def _same(name: str) -> str:
    return _ALIASES.get(name, name)


def _check_version(requires: str | None, version: int) -> str | None:
    """Compare 7002000 (7.2.0) with ">=6.0,<8"."""
    if not requires or not version:
        return None
    have = (version // 1_000_000, version // 1_000 % 1_000, version % 1_000)
    for clause in requires.split(","):
        found = _CLAUSE.match(clause.strip())
        if found is None:
            return f"the image's {_VERSION[0]} is not understood: {requires}"
        numbers = [int(part) for part in found[2].split(".")][:3]
        want = tuple(numbers + [0] * (3 - len(numbers)))
        if not _OPERATORS[found[1]](have, want):
            shown = ".".join(map(str, have))
            return (
                f"hypervisor version does not match: it is {shown}, the "
                f"image asks for {requires}"
            )
    return None
