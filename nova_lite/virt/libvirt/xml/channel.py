# SPDX-License-Identifier: Apache-2.0
"""<channel>: where the QEMU guest agent is spoken to."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from nova_lite.virt import driver

AGENT = "org.qemu.guest_agent.0"


def has_agent(image: driver.ImageSpec) -> bool:
    """Whether guests of this image are to have a channel for the agent."""
    text = image.properties.get("hw_qemu_guest_agent", "")
    return text.lower() in ("yes", "true", "on", "1")


def build_agent() -> ET.Element:
    """A unix socket, placed by libvirt, to the agent inside the guest."""
    root = ET.Element("channel", type="unix")
    ET.SubElement(root, "target", type="virtio", name=AGENT)
    return root
