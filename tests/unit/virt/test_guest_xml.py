# SPDX-License-Identifier: Apache-2.0
"""Guest XML against the reviewed files in tests/golden/xml.

``make golden`` (NOVA_LITE_GOLDEN=rewrite) writes them anew.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt.xml import (
    config_drive,
    console,
    cpu,
    disk,
    graphics,
    guest,
    metadata,
)
from tests.fixtures.hypervisor import make_spec

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "xml"
UUID = "6f70656e-7374-4163-8b00-000000000001"
HOME = f"/var/lib/nova-lite/instances/{UUID}"


@dataclass(frozen=True, slots=True)
class Case:
    spec: dict[str, Any] = field(default_factory=dict)
    image: dict[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = ("qcow2",)
    virt_type: str = "qemu"
    cpu: cpu.CpuModel = field(default_factory=cpu.CpuModel)
    screen: graphics.Vnc | None = field(default_factory=graphics.Vnc)
    serial: console.TcpPort | None = None
    drive: str = ""


CASES = {
    "qemu": Case(),
    "kvm": Case(
        spec={"vcpus": 4, "memory_mb": 2048},
        virt_type="kvm",
        cpu=cpu.CpuModel(
            "host-model", None, cpu.parse_flags(["-arch-capabilities", "vmx"])
        ),
    ),
    "custom-cpu": Case(cpu=cpu.CpuModel("custom", "Nehalem")),
    "all-disks-raw-scsi": Case(
        spec={"ephemeral_gb": 2, "swap_mb": 512},
        image={"hw_disk_bus": "scsi"},
        formats=("raw", "raw", "raw"),
    ),
    "windows-q35-agent": Case(
        image={
            "os_type": "windows",
            "hw_machine_type": "q35",
            "hw_disk_bus": "sata",
            "hw_video_model": "virtio",
            "hw_qemu_guest_agent": "yes",
        }
    ),
    "german-screen-and-serial-port": Case(
        screen=graphics.Vnc("10.0.0.7", "de"),
        serial=console.TcpPort("10.0.0.7", 10001),
    ),
    "no-screen": Case(screen=None),
    "config-drive": Case(drive=f"{HOME}/disk.config"),
    "config-drive-scsi-q35": Case(
        image={"hw_cdrom_bus": "scsi", "hw_machine_type": "q35"},
        drive=f"{HOME}/disk.config",
    ),
    "hostile-name": Case(
        spec={"display_name": "</metadata>\"'&\x00\x1b é 雲 \ud800"}
    ),
}


def _build(case: Case) -> str:
    image = driver.ImageSpec(
        id="0c1a7c5e-0000-4000-8000-000000000002", properties=case.image
    )
    spec = make_spec(
        uuid=UUID, name="instance-6f70656e", image=image, **case.spec
    )
    names = ("disk", "disk.eph0", "disk.swap")
    disks = [
        disk.Disk(
            path=f"{HOME}/{name}",
            format=kind,
            index=index,
            bus=guest.disk_bus(image),
            serial=UUID if index == 0 else "",
        )
        for index, (name, kind) in enumerate(
            zip(names, case.formats, strict=False)
        )
    ]
    settings = guest.HostSettings(
        virt_type=case.virt_type,
        arch="x86_64",
        machine="pc",
        cpu=case.cpu,
        version="1.2.3",
        screen=case.screen,
    )
    return guest.build(
        spec,
        disks,
        f"{HOME}/console.log",
        settings,
        drive=case.drive,
        serial=case.serial,
    )


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    built = _build(CASES[name])
    path = GOLDEN / f"{name}.xml"
    if os.environ.get("NOVA_LITE_GOLDEN") == "rewrite":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(built, encoding="utf-8")
    assert built == path.read_text(encoding="utf-8")


def test_every_golden_file_has_its_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.xml")} == set(CASES)


def test_hostile_name_stays_text() -> None:
    root = ET.fromstring(_build(CASES["hostile-name"]))
    names = root.findall(f"metadata/{{{metadata.NAMESPACE}}}instance/*")
    assert names[1].text == "</metadata>\"'& é 雲 "


def test_drive_of_a_q35_is_a_sata_one() -> None:
    assert config_drive.bus({}, "pc-q35-7.2") == "sata"
    assert config_drive.bus({}, "pc") == "ide"


def test_unknown_bus_of_the_drive_is_a_sentence() -> None:
    with pytest.raises(exception.InvalidDiskInfo, match="hw_cdrom_bus is"):
        config_drive.bus({"hw_cdrom_bus": "virtio"}, "pc")


def test_unknown_disk_bus_is_a_sentence() -> None:
    with pytest.raises(exception.InvalidDiskInfo, match="hw_disk_bus"):
        _build(Case(image={"hw_disk_bus": "floppy"}))


def test_ports_are_found_again() -> None:
    case = CASES["german-screen-and-serial-port"]
    built = _build(case)
    assert console.tcp_port(built) == 10001
    assert console.tcp_port(_build(Case())) is None
    # Not before libvirt has chosen one.
    assert graphics.vnc_port(built) is None
    assert graphics.vnc_port(built.replace('"-1"', '"5901"')) == 5901
    assert graphics.vnc_port(_build(CASES["no-screen"])) is None
