# SPDX-License-Identifier: Apache-2.0
"""<disk device='cdrom'>: the guest's config drive."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from nova_lite import exception

# The last place of a bus's first controller: disks come from the other end.
_TARGETS = {"ide": "hdd", "sata": "sdf", "scsi": "sdg"}


def bus(properties: Mapping[str, str], machine: str) -> str:
    """The image's hw_cdrom_bus, or what the machine's chip set has.

    Raises: InvalidDiskInfo.
    """
    default = "sata" if "q35" in machine else "ide"
    wanted = properties.get("hw_cdrom_bus") or default
    if wanted not in _TARGETS:
        raise exception.InvalidDiskInfo(
            reason=f"image property hw_cdrom_bus is {wanted!r}; it must be "
            f"one of {', '.join(sorted(_TARGETS))}"
        )
    return wanted


def build(path: str, bus: str) -> ET.Element:
    """A cdrom with a file in it, which the guest cannot write."""
    root = ET.Element("disk", type="file", device="cdrom")
    ET.SubElement(root, "driver", name="qemu", type="raw")
    ET.SubElement(root, "source", file=path)
    ET.SubElement(root, "target", dev=_TARGETS[bus], bus=bus)
    ET.SubElement(root, "readonly")
    return root
