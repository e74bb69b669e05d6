# SPDX-License-Identifier: Apache-2.0
"""<serial> and <console>: the first serial port, and its log."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class TcpPort:
    """Where QEMU listens for whoever wants to use the serial port."""

    listen: str
    port: int


def build_serial(log_path: str, tcp: TcpPort | None) -> ET.Element:
    """A pty or a TCP port, whose output virtlogd writes to ``log_path`` too.

    The log begins anew with each start of the guest.
    """
    root = _build("serial", log_path, tcp)
    ET.SubElement(root, "target", port="0")
    return root


def build_console(log_path: str, tcp: TcpPort | None) -> ET.Element:
    """The same port under the name by which `virsh console` finds it."""
    root = _build("console", log_path, tcp)
    ET.SubElement(root, "target", type="serial", port="0")
    return root


def _build(tag: str, log_path: str, tcp: TcpPort | None) -> ET.Element:
    root = ET.Element(tag, type="pty" if tcp is None else "tcp")
    if tcp is not None:
        # bind: QEMU listens, and the guest does not wait for a client.
        source = ET.SubElement(root, "source", mode="bind", host=tcp.listen)
        source.set("service", str(tcp.port))
        ET.SubElement(root, "protocol", type="raw")
    ET.SubElement(root, "log", file=log_path, append="off")
    return root


def tcp_port(domain_xml: str) -> int | None:
    """The TCP port of a guest's first serial port, if it has one."""
    # libvirt's own document: nobody else has written it.
    root = ET.fromstring(domain_xml)  # noqa: S314
    source = root.find("devices/serial[@type='tcp']/source[@mode='bind']")
    return None if source is None else int(source.get("service", "0"))
