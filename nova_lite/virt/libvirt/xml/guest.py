# SPDX-License-Identifier: Apache-2.0
"""Puts a guest's XML together from its devices; called by the driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt.xml import (
    boot,
    channel,
    clock,
    config_drive,
    console,
    cpu,
    disk,
    graphics,
    memory,
    metadata,
    pci,
    rng,
)

DEFAULT_VIDEO = "vga"


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What is the same for every guest of a host."""

    virt_type: str
    arch: str
    machine: str
    cpu: cpu.CpuModel
    version: str  # of nova-lite, shown in the guest's DMI tables
    screen: graphics.Vnc | None = field(default_factory=graphics.Vnc)
    pcie_ports: int = 0


def build(
    spec: driver.GuestSpec,
    disks: Sequence[disk.Disk],
    console_log: str,
    settings: HostSettings,
    drive: str = "",
    serial: console.TcpPort | None = None,
    cards: Sequence[ET.Element] = (),
) -> str:
    """The domain's XML, as libvirt takes it to define the guest.

    ``drive``: path of its config drive, if it has one. ``serial``: the TCP
    port of its serial port; a pty without. ``cards`` are its interfaces.
    Raises: InvalidDiskInfo.
    """
    properties = spec.image.properties
    root = ET.Element("domain", type=settings.virt_type)
    ET.SubElement(root, "name").text = spec.name
    ET.SubElement(root, "uuid").text = spec.uuid
    machine = properties.get("hw_machine_type") or settings.machine
    root.extend(
        [
            metadata.build(spec),
            memory.build_memory(spec.memory_mb),
            cpu.build_vcpu(spec.vcpus),
            boot.build_sysinfo(spec.uuid, settings.version),
            boot.build_os(boot.Boot(settings.arch, machine)),
            boot.build_features(),
            cpu.build_cpu(settings.cpu, spec.vcpus),
            clock.build(properties.get("os_type", "")),
        ]
    )
    devices = ET.SubElement(root, "devices")
    devices.extend(pci.build(machine, settings.pcie_ports))
    drive_bus = config_drive.bus(properties, machine) if drive else ""
    if "scsi" in (drive_bus, *(one.bus for one in disks)):
        devices.append(disk.build_scsi_controller())
    devices.extend(disk.build(one) for one in disks)
    if drive:
        devices.append(config_drive.build(drive, drive_bus))
    devices.extend(cards)
    devices.extend(
        [
            console.build_serial(console_log, serial),
            console.build_console(console_log, serial),
        ]
    )
    if settings.screen is not None:
        devices.append(graphics.build_graphics(settings.screen))
    devices.extend(
        [
            graphics.build_video(
                properties.get("hw_video_model") or DEFAULT_VIDEO
            ),
            rng.build(),
            memory.build_balloon(),
        ]
    )
    if channel.has_agent(spec.image):
        devices.append(channel.build_agent())
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def disk_bus(image: driver.ImageSpec) -> str:
    """The image's hw_disk_bus, virtio by default. Raises: InvalidDiskInfo."""
    bus = image.properties.get("hw_disk_bus") or "virtio"
    if bus not in disk.PREFIXES:
        raise exception.InvalidDiskInfo(
            reason=f"image property hw_disk_bus is {bus!r}; it must be one "
            f"of {', '.join(sorted(disk.PREFIXES))}"
        )
    return bus
