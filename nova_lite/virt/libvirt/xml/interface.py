# SPDX-License-Identifier: Apache-2.0
"""<interface>: read from a guest that runs."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def mac_addresses(domain_xml: str) -> dict[str, str]:
    """MAC addresses by the names of the devices on the host."""
    found = {}
    # libvirt's own document: nobody else has written it.
    root = ET.fromstring(domain_xml)  # noqa: S314
    for one in root.iterfind("devices/interface"):
        target, mac = one.find("target"), one.find("mac")
        if target is not None and mac is not None:
            found[target.get("dev", "")] = mac.get("address", "")
    return found
