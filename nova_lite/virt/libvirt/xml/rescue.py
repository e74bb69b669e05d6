# SPDX-License-Identifier: Apache-2.0
"""What a rescue changes in a guest's XML: the disk that it starts from.

Called by the driver for an image that asks for it by its
properties: the guest's own disks keep their names then.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from nova_lite.virt import driver
from nova_lite.virt.libvirt.xml import disk

DEVICES = ("disk", "cdrom")
# First letters of the disk's name in the guest, by bus.
PREFIXES = {**disk.PREFIXES, "usb": "sd"}


@dataclass(frozen=True, slots=True)
class RescueDisk:
    """``index`` is that of the disk among all disks of the guest."""

    path: str
    format: str
    index: int
    device: str
    bus: str
    cache: str


def is_stable(image: driver.ImageSpec) -> bool:
    """Whether the guest's disks are to keep their order."""
    return not {"hw_rescue_device", "hw_rescue_bus"}.isdisjoint(
        image.properties
    )


def device_and_bus(image: driver.ImageSpec) -> tuple[str, str]:
    """As the image asks for them; they may be ones that nobody knows."""
    properties = image.properties
    device = properties.get("hw_rescue_device") or "disk"
    default = "ide" if device == "cdrom" else "virtio"
    return device, properties.get("hw_rescue_bus") or default


def add_disk(xml: str, rescue: RescueDisk) -> str:
    """The same guest with one disk more, from which it starts."""
    root = ET.fromstring(xml)  # noqa: S314 - our own text
    system, devices = root.find("os"), root.find("devices")
    assert system is not None
    assert devices is not None
    for boot in system.findall("boot"):
        system.remove(boot)
    if rescue.bus == "scsi" and devices.find("controller[@type='scsi']") is (
        None
    ):
        devices.insert(0, disk.build_scsi_controller())
    last = list(devices).index(devices.findall("disk")[-1])
    devices.insert(last + 1, _build(rescue, _free_name(devices, rescue)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _free_name(devices: ET.Element, rescue: RescueDisk) -> str:
    """Behind the guest's disks; a config drive has a name far off."""
    used = {one.attrib["dev"] for one in devices.findall("disk/target")}
    letters = map(chr, range(ord("a") + rescue.index, ord("z") + 1))
    names = (PREFIXES[rescue.bus] + letter for letter in letters)
    return next(name for name in names if name not in used)


def _build(rescue: RescueDisk, name: str) -> ET.Element:
    root = ET.Element("disk", type="file", device=rescue.device)
    ET.SubElement(
        root, "driver", name="qemu", type=rescue.format, cache=rescue.cache
    )
    ET.SubElement(root, "source", file=rescue.path)
    ET.SubElement(root, "target", dev=name, bus=rescue.bus)
    if rescue.device == "cdrom":
        ET.SubElement(root, "readonly")
    ET.SubElement(root, "boot", order="1")
    return root
