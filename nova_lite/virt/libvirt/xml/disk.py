# SPDX-License-Identifier: Apache-2.0
"""<disk>: a file on the host that is a disk in the guest."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

# First letters of a device's name in the guest, by bus.
PREFIXES = {"virtio": "vd", "scsi": "sd", "sata": "sd", "ide": "hd"}


@dataclass(frozen=True, slots=True)
class Disk:
    """``index`` 0 is the root disk; ``serial`` is shown in the guest."""

    path: str
    format: str
    index: int
    bus: str = "virtio"
    cache: str = "none"
    serial: str = ""

    @property
    def target(self) -> str:
        """The device's name: vda, sdb ..."""
        return PREFIXES[self.bus] + chr(ord("a") + self.index)


def build(disk: Disk) -> ET.Element:
    """A file-backed disk."""
    root = ET.Element("disk", type="file", device="disk")
    driver = ET.SubElement(
        root, "driver", name="qemu", type=disk.format, cache=disk.cache
    )
    # Blocks that the guest frees go back to the host's file system.
    driver.set("discard", "unmap")
    ET.SubElement(root, "source", file=disk.path)
    ET.SubElement(root, "target", dev=disk.target, bus=disk.bus)
    if disk.serial:
        ET.SubElement(root, "serial").text = disk.serial
    return root


def build_scsi_controller() -> ET.Element:
    """virtio-scsi: libvirt's own default is one that few guests know."""
    return ET.Element(
        "controller", type="scsi", index="0", model="virtio-scsi"
    )
