# SPDX-License-Identifier: Apache-2.0
"""<memory> and <memballoon>."""

from __future__ import annotations

from xml.etree import ElementTree as ET

STATS_PERIOD_S = 10


def build_memory(memory_mb: int) -> ET.Element:
    """All of the memory, there from the start."""
    root = ET.Element("memory", unit="MiB")
    root.text = str(memory_mb)
    return root


def build_balloon() -> ET.Element:
    """The balloon is how a host learns what the guest really uses."""
    root = ET.Element("memballoon", model="virtio")
    ET.SubElement(root, "stats", period=str(STATS_PERIOD_S))
    return root
