# SPDX-License-Identifier: Apache-2.0
"""<clock>: the guest's time."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def build(os_type: str) -> ET.Element:
    """UTC, but local time for Windows, which expects that of its clock."""
    offset = "localtime" if os_type == "windows" else "utc"
    root = ET.Element("clock", offset=offset)
    ET.SubElement(root, "timer", name="pit", tickpolicy="delay")
    ET.SubElement(root, "timer", name="rtc", tickpolicy="catchup")
    ET.SubElement(root, "timer", name="hpet", present="no")
    return root
