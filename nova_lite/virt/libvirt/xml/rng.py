# SPDX-License-Identifier: Apache-2.0
"""<rng>: randomness from the host, so that a guest boots without a wait."""

from __future__ import annotations

from xml.etree import ElementTree as ET

SOURCE = "/dev/urandom"


def build() -> ET.Element:
    """A virtio random number device."""
    root = ET.Element("rng", model="virtio")
    ET.SubElement(root, "backend", model="random").text = SOURCE
    return root
