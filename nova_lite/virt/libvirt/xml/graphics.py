# SPDX-License-Identifier: Apache-2.0
"""<graphics> and <video>: the screen, by VNC."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Vnc:
    """The address that QEMU listens on, and the keyboard that clients have.

    VNC has no password here, so only proxies may reach the address.
    """

    listen: str = "127.0.0.1"
    keymap: str | None = None


def build_graphics(vnc: Vnc) -> ET.Element:
    """VNC on a port that libvirt chooses at each start."""
    root = ET.Element("graphics", type="vnc", port="-1", autoport="yes")
    if vnc.keymap:
        root.set("keymap", vnc.keymap)
    root.set("listen", vnc.listen)
    return root


def build_video(model: str) -> ET.Element:
    """``model`` as libvirt names it: vga, virtio, cirrus ..."""
    root = ET.Element("video")
    ET.SubElement(root, "model", type=model)
    return root


def vnc_port(domain_xml: str) -> int | None:
    """The TCP port of a running guest's screen, if it has one."""
    # libvirt's own document: nobody else has written it.
    root = ET.fromstring(domain_xml)  # noqa: S314
    found = root.find("devices/graphics[@type='vnc']")
    port = -1 if found is None else int(found.get("port", "-1"))
    return port if port > 0 else None
