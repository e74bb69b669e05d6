# SPDX-License-Identifier: Apache-2.0
"""Reads what libvirt says of the host's processor and of possible guests.

Source: https://libvirt.org/formatcaps.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``guests`` are (architecture, virt_type, vm_mode).

    ``machines`` are the machine types of the host's own architecture.
    """

    arch: str
    cpu_info: Mapping[str, Any]
    guests: Sequence[tuple[str, str, str]]
    machines: frozenset[str]

    def can_run(self, virt_type: str) -> bool:
        """Whether the host runs its own architecture by ``virt_type``."""
        return any(
            arch == self.arch and kind == virt_type
            for arch, kind, _ in self.guests
        )


def parse(xml: str) -> Capabilities:
    """Read the XML that ``virsh capabilities`` prints."""
    # It comes from the host's own libvirtd, not from a user.
    root = ET.fromstring(xml)  # noqa: S314
    arch = root.findtext("host/cpu/arch", "x86_64")
    return Capabilities(
        arch=arch,
        cpu_info=_cpu_info(root, arch),
        guests=_guests(root),
        machines=frozenset(
            machine.text or ""
            for machine in root.findall(f"guest/arch[@name='{arch}']//machine")
        ),
    )


def _cpu_info(root: ET.Element, arch: str) -> dict[str, Any]:
    topology = root.find("host/cpu/topology")
    sizes = {} if topology is None else topology.attrib
    return {
        "arch": arch,
        "model": root.findtext("host/cpu/model", ""),
        "vendor": root.findtext("host/cpu/vendor", ""),
        "topology": {
            name: int(sizes.get(name, 1))
            for name in ("sockets", "cores", "threads")
        },
        "features": sorted(
            feature.get("name", "")
            for feature in root.findall("host/cpu/feature")
        ),
    }


def _guests(root: ET.Element) -> list[tuple[str, str, str]]:
    found = []
    for guest in root.findall("guest"):
        mode = guest.findtext("os_type", "hvm")
        for arch in guest.findall("arch"):
            for domain in arch.findall("domain"):
                found.append(
                    (arch.get("name", ""), domain.get("type", ""), mode)
                )
    return found
