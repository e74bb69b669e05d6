# SPDX-License-Identifier: Apache-2.0
"""<serial> and <console>: the first serial port, and its log."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def build_serial(log_path: str) -> ET.Element:
    """A pty whose output virtlogd also writes to ``log_path``.

    The log begins anew with each start of the guest.
    """
    root = ET.Element("serial", type="pty")
    ET.SubElement(root, "log", file=log_path, append="off")
    ET.SubElement(root, "target", port="0")
    return root


def build_console(log_path: str) -> ET.Element:
    """The same port under the name by which `virsh console` finds it."""
    root = ET.Element("console", type="pty")
    ET.SubElement(root, "log", file=log_path, append="off")
    ET.SubElement(root, "target", type="serial", port="0")
    return root
