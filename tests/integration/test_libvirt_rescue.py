# SPDX-License-Identifier: Apache-2.0
"""Rescue and rebuild of real guests under emulation: the guests tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.virt import driver
from tests.fixtures.hypervisor import (
    ImageShelf,
    ignore_progress,
    make_spec,
    virt_options,
)
from tests.fixtures.libvirt_driver import (
    hypervisor,
    restarted,
    running,
    shelf,
    wait_for_console,
)

__all__ = ["hypervisor", "restarted", "shelf", "virt_options"]

pytestmark = pytest.mark.integration

OWN = driver.ImageSpec(id="tick", disk_format="raw")


@pytest.fixture
def tools(shelf: ImageShelf, tmp_path: Path) -> driver.ImageSpec:
    """An image like the guest's own, that says something else."""
    data = shelf.files["tick"].read_bytes().replace(b"TICK up", b"TOOL up")
    shelf.files["tools"] = tmp_path / "tools.raw"
    shelf.files["tools"].write_bytes(data)
    return driver.ImageSpec(id="tools", disk_format="raw")


@pytest.fixture
def connection(libvirtd: str) -> Iterator[Any]:
    """Behind the driver's back."""
    made = libvirt.open(libvirtd)
    yield made
    made.close()


def _disks(connection: Any, uuid: str) -> dict[str, str]:
    """Device names in the guest -> names of the files behind them."""
    root = ET.fromstring(connection.lookupByUUIDString(uuid).XMLDesc())
    found = {}
    for one in root.findall("devices/disk"):
        source, target = one.find("source"), one.find("target")
        assert source is not None
        assert target is not None
        found[target.attrib["dev"]] = Path(source.attrib["file"]).name
    return found


def test_rescue_disk_is_the_first(
    hypervisor: driver.ComputeDriver,
    tools: driver.ImageSpec,
    connection: Any,
    guest_dir: Path,
) -> None:
    with running(hypervisor, make_spec(image=OWN, ephemeral_gb=1)) as spec:
        wait_for_console(hypervisor, spec.uuid, b"TICK up")
        hypervisor.power_off(spec.uuid)
        disk = guest_dir / "instances" / spec.uuid / "disk"
        before = disk.read_bytes()
        hypervisor.rescue(spec, tools, ignore_progress)
        wait_for_console(hypervisor, spec.uuid, b"TOOL up")
        assert _disks(connection, spec.uuid) == {
            "vda": "disk.rescue",
            "vdb": "disk",
        }
        hypervisor.unrescue(spec)
        assert _disks(connection, spec.uuid) == {
            "vda": "disk",
            "vdb": "disk.eph0",
        }
        assert not disk.with_name("disk.rescue").exists()
        hypervisor.power_off(spec.uuid)
        assert disk.read_bytes() == before
    assert not disk.parent.exists()


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({"hw_rescue_bus": "virtio"}, "vdc"),
        ({"hw_rescue_bus": "scsi"}, "sdc"),
        ({"hw_rescue_device": "disk", "hw_rescue_bus": "usb"}, "sdc"),
        ({"hw_rescue_device": "disk", "hw_rescue_bus": "ide"}, "hdc"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_stable_rescue_keeps_the_disks(
    hypervisor: driver.ComputeDriver,
    tools: driver.ImageSpec,
    connection: Any,
    properties: dict[str, str],
    target: str,
) -> None:
    tools = dataclasses.replace(tools, properties=properties)
    with running(hypervisor, make_spec(image=OWN, ephemeral_gb=1)) as spec:
        wait_for_console(hypervisor, spec.uuid, b"TICK up")
        hypervisor.rescue(spec, tools, ignore_progress)
        wait_for_console(hypervisor, spec.uuid, b"TOOL up")
        assert _disks(connection, spec.uuid) == {
            "vda": "disk",
            "vdb": "disk.eph0",
            target: "disk.rescue",
        }
        hypervisor.unrescue(spec)
        assert len(_disks(connection, spec.uuid)) == 2


def test_what_cannot_be_made_is_said_first(
    hypervisor: driver.ComputeDriver, tools: driver.ImageSpec
) -> None:
    with running(hypervisor, make_spec(image=OWN)) as spec:
        for properties in (
            {"hw_rescue_device": "floppy"},
            {"hw_rescue_bus": "telepathy"},
        ):
            image = dataclasses.replace(tools, properties=properties)
            with pytest.raises(exception.InstanceNotRescuable):
                hypervisor.rescue(spec, image, ignore_progress)
        state = hypervisor.get_info(spec.uuid).state
        assert state == power_state.RUNNING


def test_new_disk_from_another_image(
    hypervisor: driver.ComputeDriver, tools: driver.ImageSpec
) -> None:
    """What a rebuild does: the guest goes, another comes under its name."""
    with running(hypervisor, make_spec(image=OWN)) as spec:
        wait_for_console(hypervisor, spec.uuid, b"TICK up")
        hypervisor.cache_image(tools, ignore_progress)
        hypervisor.power_off(spec.uuid, timeout_s=30)
        hypervisor.destroy(spec.uuid)
        again = dataclasses.replace(spec, image=tools)
        hypervisor.spawn(again, ignore_progress)
        wait_for_console(hypervisor, spec.uuid, b"TOOL up")
        console = hypervisor.get_console_output(spec.uuid, 65536)
        assert b"TICK up" not in console
