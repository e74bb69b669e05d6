# SPDX-License-Identifier: Apache-2.0
"""<mirror>: the file that a running guest's disk is copied into."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def build(path: str) -> str:
    """A qcow2 file that is there already."""
    root = ET.Element("disk", type="file")
    ET.SubElement(root, "driver", type="qcow2")
    ET.SubElement(root, "source", file=path)
    return ET.tostring(root, encoding="unicode")


def copied(domain_xml: str) -> list[str]:
    """The names of the disks of a guest that are being copied."""
    # libvirt's own document: nobody else has written it.
    root = ET.fromstring(domain_xml)  # noqa: S314
    return [
        target.get("dev", "")
        for disk in root.iterfind("devices/disk")
        if disk.find("mirror") is not None
        and (target := disk.find("target")) is not None
    ]
