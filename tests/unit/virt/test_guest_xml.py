# SPDX-License-Identifier: Apache-2.0
"""Guest XML against the reviewed files in tests/golden/xml.

``make golden`` (NOVA_LITE_GOLDEN=rewrite) writes them anew.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from nova_lite import exception
from nova_lite.network.model import VIF, Network
from nova_lite.virt import driver
from nova_lite.virt.libvirt.xml import (
    config_drive,
    console,
    cpu,
    disk,
    graphics,
    guest,
    interface,
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
    vifs: tuple[VIF, ...] = ()
    pcie_ports: int = 0


def _vif(**changes: Any) -> VIF:
    made = VIF(
        id="0f3eb5f0-0000-4000-8000-000000000001",
        address="fa:16:3e:00:00:01",
        network=Network(
            id="7e7e7e7e-7e7e-4e7e-8e7e-7e7e7e7e7e7e", label="net"
        ),
        type="tap",
    )
    return dataclasses.replace(made, **changes)


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
    "interfaces-tap-bridge": Case(
        vifs=(
            _vif(
                network=Network(
                    id="7e7e7e7e-7e7e-4e7e-8e7e-7e7e7e7e7e7e",
                    label="net",
                    mtu=1450,
                )
            ),
            _vif(
                id="2f3eb5f0-0000-4000-8000-000000000002",
                address="fa:16:3e:00:00:02",
                type="bridge",
            ),
            _vif(
                id="3f3eb5f0-0000-4000-8000-000000000003",
                address="fa:16:3e:00:00:03",
                type="bridge",
                details={"bridge_name": "br7"},
                devname="own0",
            ),
        )
    ),
    "interfaces-ovs-multiqueue-q35": Case(
        spec={"vcpus": 4},
        image={"hw_vif_multiqueue_enabled": "yes", "hw_machine_type": "q35"},
        virt_type="kvm",
        pcie_ports=3,
        vifs=(
            _vif(type="ovs"),
            _vif(
                id="2f3eb5f0-0000-4000-8000-000000000002",
                address="fa:16:3e:00:00:02",
                type="ovs",
                details={"ovs_hybrid_plug": True},
            ),
        ),
    ),
    "interface-e1000": Case(
        image={"hw_vif_model": "e1000", "hw_vif_multiqueue_enabled": "yes"},
        vifs=(_vif(),),
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
        pcie_ports=case.pcie_ports,
    )
    card = interface.card(spec, case.virt_type)
    return guest.build(
        spec,
        disks,
        f"{HOME}/console.log",
        settings,
        drive=case.drive,
        cards=[interface.build(vif, card) for vif in case.vifs],
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


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("unbound", "is there a network agent"),
        ("binding_failed", "could not bind its port"),
        ("hw_veb", "does not know ports of type 'hw_veb'"),
    ],
)
def test_interface_that_cannot_be_plugged(kind: str, sentence: str) -> None:
    with pytest.raises(exception.VirtualInterfacePlugException) as caught:
        _build(Case(vifs=(_vif(type=kind),)))
    assert sentence in caught.value.format_message()


def test_unknown_card_is_a_sentence() -> None:
    with pytest.raises(exception.ImageUnacceptable, match="hw_vif_model"):
        _build(Case(image={"hw_vif_model": "ne1000"}))


@pytest.mark.parametrize(
    ("image", "flavor", "queues"),
    [
        ({}, {}, 1),
        ({"hw_vif_multiqueue_enabled": "true"}, {}, 4),
        ({}, {"hw:vif_multiqueue_enabled": "True"}, 4),
        (
            {"hw_vif_multiqueue_enabled": "true"},
            {"hw:vif_multiqueue_enabled": "no"},
            1,
        ),
        (
            {"hw_vif_multiqueue_enabled": "true", "hw_vif_model": "e1000"},
            {},
            1,
        ),
    ],
)
def test_queues_of_a_card(
    image: dict[str, str], flavor: dict[str, str], queues: int
) -> None:
    spec = make_spec(
        vcpus=4,
        image=driver.ImageSpec(id="i", properties=image),
        flavor_extra_specs=flavor,
    )
    assert interface.card(spec, "kvm").queues == queues


def test_card_of_a_port_is_found_again() -> None:
    built = _build(CASES["interfaces-tap-bridge"])
    found = interface.find(built, "2f3eb5f0-0000-4000-8000-000000000002")
    assert found is not None
    assert "fa:16:3e:00:00:02" in found
    assert (
        interface.find(built, "0f3eb5f0-0000-4000-8000-000000000009") is None
    )
    assert interface.mac_addresses(built) == {
        "tap0f3eb5f0-00": "fa:16:3e:00:00:01",
        "tap2f3eb5f0-00": "fa:16:3e:00:00:02",
        "own0": "fa:16:3e:00:00:03",
    }
