# SPDX-License-Identifier: Apache-2.0
"""<graphics> and <video>: the screen, by VNC."""

from __future__ import annotations

from xml.etree import ElementTree as ET

LISTEN = "127.0.0.1"


def build_graphics() -> ET.Element:
    """VNC on loopback: it has no password, so only proxies may reach it."""
    return ET.Element(
        "graphics", type="vnc", port="-1", autoport="yes", listen=LISTEN
    )


def build_video(model: str) -> ET.Element:
    """``model`` as libvirt names it: vga, virtio, cirrus ..."""
    root = ET.Element("video")
    ET.SubElement(root, "model", type=model)
    return root
