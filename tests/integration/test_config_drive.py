# SPDX-License-Identifier: Apache-2.0
"""A real Linux guest reads its config drive and says what was on it."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from nova_lite.virt import configdrive, driver
from tests.fixtures.hypervisor import (
    ImageShelf,
    ignore_progress,
    make_spec,
    virt_options,
    wait_for,
)
from tests.fixtures.libvirt_driver import (
    restarted,
    running,
    shelf,
    wait_for_console,
)

__all__ = ["restarted", "shelf", "virt_options"]

pytestmark = pytest.mark.integration

# The guest mounts its drive once more, to look at a file of the request.
SCRIPT = """#!/bin/sh
echo "key: $(cat /root/.ssh/authorized_keys)"
mount -r -t iso9660 "$(findfs LABEL=config-2)" /run/config
echo "file: $(cat /run/config/openstack/content/0000)"
echo "password hash: $(grep -c '^root:[$]' /etc/shadow)"
touch /run/config/x 2>/dev/null || echo "drive: read only"
"""


def _spec(**properties: str) -> driver.GuestSpec:
    return make_spec(
        image=driver.ImageSpec(
            id="linux", disk_format="qcow2", properties=properties
        ),
        memory_mb=128,
        root_gb=1,
        hostname="web-1",
        config_drive=True,
        key_name="mine",
        public_key="ssh-ed25519 AAAAkey me",
        user_data=base64.b64encode(SCRIPT.encode()).decode(),
        admin_password="Secret-1",
        files=(("/etc/greeting", b"hello from the request\n"),),
    )


def test_linux_guest_reads_its_drive(
    restarted: Callable[..., driver.ComputeDriver],
    shelf: ImageShelf,
    linux_image: Path,
    guest_dir: Path,
) -> None:
    shelf.files["linux"] = linux_image
    host = restarted()
    spec = _spec()
    path = guest_dir / "instances" / spec.uuid / configdrive.NAME
    with running(host, spec):
        for line in (
            b"key: ssh-ed25519 AAAAkey me",
            b"file: hello from the request",
            b"password hash: 1",
            b"drive: read only",
            f"hostname=web-1.novalocal uuid={spec.uuid}".encode(),
            b"metadata=config-drive",
        ):
            wait_for_console(host, spec.uuid, line)
        assert path.stat().st_mode & 0o777 == 0o600
        assert not list(path.parent.glob("*.part")) + list(
            path.parent.glob("*.tree")
        )

        # Later starts know no password: the drive that is there stays.
        later = dataclasses.replace(spec, admin_password=None, files=())
        before = path.read_bytes()
        host.hard_reboot(later)
        assert path.read_bytes() == before
        # One that was lost is made anew.
        path.unlink()
        host.hard_reboot(later)
        assert path.exists()
        assert b"Secret-1" not in path.read_bytes()
    assert not path.exists()


@pytest.mark.parametrize(
    "properties",
    [{"hw_cdrom_bus": "scsi"}, {"hw_machine_type": "q35"}],
    ids=["scsi", "q35-sata"],
)
def test_buses_of_the_drive(
    restarted: Callable[..., driver.ComputeDriver], properties: dict[str, str]
) -> None:
    host = restarted()
    image = driver.ImageSpec(
        id="tick", disk_format="raw", properties=properties
    )
    with running(host, make_spec(image=image, config_drive=True)) as spec:
        wait_for_console(host, spec.uuid, b"TICK up")
        wait_for(lambda: host.get_info(spec.uuid).state, "it runs")


def test_a_rescued_guest_has_a_drive_of_its_own(
    restarted: Callable[..., driver.ComputeDriver], guest_dir: Path
) -> None:
    host = restarted()
    first = make_spec(config_drive=True, admin_password="Secret-1")
    home = guest_dir / "instances" / first.uuid
    with running(host, first):
        spec = dataclasses.replace(first, admin_password="Rescue-1")
        # A second run is as good as the first.
        for _ in range(2):
            host.rescue(spec, spec.image, ignore_progress)
            drive = (home / configdrive.RESCUE_NAME).read_bytes()
            assert b"Rescue-1" in drive
        assert b"Secret-1" in (home / configdrive.NAME).read_bytes()
        host.unrescue(dataclasses.replace(first, admin_password=None))
        assert not (home / configdrive.RESCUE_NAME).exists()
        assert b"Secret-1" in (home / configdrive.NAME).read_bytes()
        wait_for(lambda: host.get_info(spec.uuid).state, "it runs")
