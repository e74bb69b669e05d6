# SPDX-License-Identifier: Apache-2.0
"""<controller type='pci'>: free slots for what is plugged into a guest.

A machine of the kind pc has them anyway. A q35 has as many as its devices
need, and none for one more.

Source: https://libvirt.org/formatdomain.html#controllers
"""

from __future__ import annotations

from xml.etree import ElementTree as ET


def build(machine: str, ports: int) -> list[ET.Element]:
    """The root and ``ports`` ports of it; 0 leaves them to libvirt."""
    if not ports or not _is_q35(machine):
        return []
    root = ET.Element("controller", type="pci", index="0", model="pcie-root")
    return [
        root,
        *(
            ET.Element("controller", type="pci", model="pcie-root-port")
            for _ in range(ports)
        ),
    ]


def _is_q35(machine: str) -> bool:
    return machine == "q35" or machine.startswith("pc-q35")
