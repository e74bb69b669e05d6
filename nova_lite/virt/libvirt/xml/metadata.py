# SPDX-License-Identifier: Apache-2.0
"""<metadata>: marks a guest as ours and says whose it is.

``virsh dumpxml`` shows it to an operator; the driver reads from it whether a
guest is nova-lite's own.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from nova_lite.virt import driver

NAMESPACE = "urn:nova-lite:instance:1"
PREFIX = "nova-lite"

# What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


def build(spec: driver.GuestSpec) -> ET.Element:
    """The server's name, flavor, image and owner."""
    root = ET.Element("metadata")
    instance = ET.SubElement(root, f"{PREFIX}:instance")
    instance.set(f"xmlns:{PREFIX}", NAMESPACE)
    _add(instance, "uuid", spec.uuid)
    _add(instance, "name", spec.display_name)
    flavor = _add(instance, "flavor")
    flavor.set("name", clean(spec.flavor_name))
    for name, value in (
        ("vcpus", spec.vcpus),
        ("memory_mb", spec.memory_mb),
        ("root_gb", spec.root_gb),
        ("ephemeral_gb", spec.ephemeral_gb),
        ("swap_mb", spec.swap_mb),
    ):
        _add(flavor, name, str(value))
    owner = _add(instance, "owner")
    _add(owner, "project").set("id", clean(spec.project_id))
    _add(owner, "user").set("id", clean(spec.user_id))
    if spec.image.id:
        _add(instance, "image").set("id", clean(spec.image.id))
    return root


def clean(text: str) -> str:
    """Leave out the characters that XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def _add(parent: ET.Element, tag: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{PREFIX}:{tag}")
    if text is not None:
        child.text = clean(text)
    return child
