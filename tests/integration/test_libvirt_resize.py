# SPDX-License-Identifier: Apache-2.0
"""Resizes of real guests under emulation: the guests tell what they are."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt.storage import qemu_img
from tests.fixtures.hypervisor import (
    ImageShelf,
    ignore_progress,
    make_spec,
    virt_options,
)
from tests.fixtures.libvirt_driver import (
    restarted,
    running,
    shelf,
    wait_for_console,
)

__all__ = ["restarted", "shelf", "virt_options"]

pytestmark = pytest.mark.integration

GIB = 1024**3
MIB = 1024**2


@pytest.fixture
def connection(libvirtd: str) -> Iterator[Any]:
    """Behind the driver's back."""
    made = libvirt.open(libvirtd)
    yield made
    made.close()


def _mark(disk: Path, form: str, image: Path, text: bytes) -> None:
    """Let the guest on a disk that is not in use say something else."""
    sector = disk.with_name("sector")
    sector.write_bytes(image.read_bytes()[:512].replace(b"TICK up", text))
    subprocess.run(
        ["qemu-io", "-f", form, "-c", f"write -s {sector} 0 512", str(disk)],
        check=True,
        capture_output=True,
    )
    sector.unlink()


@pytest.mark.parametrize("form", ["qcow2", "raw"])
def test_guest_grows_and_goes_back(
    restarted: Callable[..., driver.ComputeDriver],
    shelf: ImageShelf,
    connection: Any,
    guest_dir: Path,
    form: str,
) -> None:
    host = restarted(images_type=form)
    home = guest_dir / "instances"
    image = shelf.files["tick"]
    small = make_spec(root_gb=1, ephemeral_gb=1, swap_mb=8)
    large = dataclasses.replace(
        small, vcpus=2, memory_mb=64, root_gb=2, ephemeral_gb=2, swap_mb=16
    )
    disk = home / small.uuid / "disk"

    def sizes() -> tuple[int, int, list[int]]:
        root = ET.fromstring(
            connection.lookupByUUIDString(small.uuid).XMLDesc()
        )
        return (
            int(root.findtext("vcpu") or 0),
            int(root.findtext("memory") or 0) // 1024,
            [
                qemu_img.virtual_size(str(disk.with_name(name)))
                for name in ("disk", "disk.eph0", "disk.swap")
            ],
        )

    def resize(name: str) -> None:
        host.power_off(small.uuid, timeout_s=30)
        for _ in range(2):
            host.keep_disks(small.uuid, name)
            assert host.has_kept_disks(small.uuid, name)
        for _ in range(2):
            host.resize_disks(large, name, ignore_progress)
        host.power_on(large)

    with running(host, small):
        wait_for_console(host, small.uuid, b"TICK up")
        host.power_off(small.uuid, timeout_s=30)
        _mark(disk, form, image, b"MARK up")
        host.power_on(small)
        wait_for_console(host, small.uuid, b"MARK up")
        before = sizes()
        assert before == (1, 32, [GIB, GIB, 8 * MIB])

        # What it has written is there; what it writes now is not, later.
        resize("one")
        wait_for_console(host, small.uuid, b"MARK up")
        assert sizes() == (2, 64, [2 * GIB, 2 * GIB, 16 * MIB])
        assert host.list_disk_owners() == [small.uuid]
        host.power_off(small.uuid)
        _mark(disk, form, image, b"GONE up")
        for _ in range(2):
            host.restore_disks(small.uuid, "one")
            assert not host.has_kept_disks(small.uuid, "one")
        host.power_on(small)
        assert sizes() == before
        wait_for_console(host, small.uuid, b"MARK up")
        assert b"GONE" not in host.get_console_output(small.uuid, 65536)

        resize("two")
        wait_for_console(host, small.uuid, b"MARK up")
        for _ in range(2):
            host.drop_kept_disks(small.uuid)
        assert not host.has_kept_disks(small.uuid, "two")
        host.restore_disks(small.uuid, "two")
        assert sizes() == (2, 64, [2 * GIB, 2 * GIB, 16 * MIB])
        assert {path.name for path in home.iterdir()} == {
            "_base",
            small.uuid,
        }
    assert [path.name for path in home.iterdir()] == ["_base"]


def test_copy_that_is_stopped_leaves_nothing_but_the_kept(
    restarted: Callable[..., driver.ComputeDriver], guest_dir: Path
) -> None:
    """A delete in its middle; and another resize after a reset-state."""
    host = restarted(images_type="raw")
    home = guest_dir / "instances"

    class Stop(Exception):
        pass

    def stop(_percent: int, _what: str) -> None:
        raise Stop

    with running(host, make_spec(root_gb=1)) as spec:
        wait_for_console(host, spec.uuid, b"TICK up")
        host.power_off(spec.uuid)
        host.keep_disks(spec.uuid, "one")
        large = dataclasses.replace(spec, root_gb=2)
        with pytest.raises(Stop):
            host.resize_disks(large, "one", stop)
        # No guest starts from half a disk.
        with pytest.raises(exception.GuestNotFound):
            host.power_on(large)
        with pytest.raises(exception.GuestNotFound):
            host.resize_disks(large, "another", ignore_progress)
        assert host.list_disk_owners() == [spec.uuid]

        # The only copy there is: another resize begins with it.
        host.keep_disks(spec.uuid, "two")
        assert not host.has_kept_disks(spec.uuid, "one")
        host.resize_disks(large, "two", ignore_progress)
        host.power_on(large)
        wait_for_console(host, spec.uuid, b"TICK up")
    assert [path.name for path in home.iterdir()] == ["_base"]


def test_disk_that_would_shrink(
    restarted: Callable[..., driver.ComputeDriver],
) -> None:
    host = restarted()
    with running(host, make_spec(root_gb=2)) as spec:
        host.power_off(spec.uuid)
        host.keep_disks(spec.uuid, "one")
        with pytest.raises(exception.InvalidDiskInfo, match="cannot shrink"):
            host.resize_disks(
                dataclasses.replace(spec, root_gb=1), "one", ignore_progress
            )
        host.restore_disks(spec.uuid, "one")
        host.power_on(spec)
        wait_for_console(host, spec.uuid, b"TICK up")
