# SPDX-License-Identifier: Apache-2.0
"""<os>, <features> and <sysinfo>: the machine and how it boots."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Boot:
    """``machine`` is a machine type that the emulator knows (pc, q35)."""

    arch: str
    machine: str


def build_os(boot: Boot) -> ET.Element:
    """Boot by BIOS from the first disk."""
    root = ET.Element("os")
    kind = ET.SubElement(root, "type", arch=boot.arch, machine=boot.machine)
    kind.text = "hvm"
    ET.SubElement(root, "boot", dev="hd")
    ET.SubElement(root, "smbios", mode="sysinfo")
    return root


def build_features() -> ET.Element:
    """ACPI is what makes the power button work."""
    root = ET.Element("features")
    ET.SubElement(root, "acpi")
    ET.SubElement(root, "apic")
    return root


def build_sysinfo(uuid: str, version: str) -> ET.Element:
    """What the guest reads in its DMI tables.

    cloud-init looks for a cloud's metadata only when the product is one it
    knows, so the product has the name that it looks for.
    """
    root = ET.Element("sysinfo", type="smbios")
    system = ET.SubElement(root, "system")
    for name, value in (
        ("manufacturer", "nova-lite"),
        ("product", "OpenStack Nova"),
        ("version", version),
        ("serial", uuid),
        ("uuid", uuid),
        ("family", "Virtual Machine"),
    ):
        ET.SubElement(system, "entry", name=name).text = value
    return root
