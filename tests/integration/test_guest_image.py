# SPDX-License-Identifier: Apache-2.0
"""The guest images boot, say so, and obey: with libvirt alone, no nova-lite.

When a test of the product fails with a guest, this one tells whether the
guest or the hypervisor is to blame.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

import libvirt
import pytest

pytestmark = pytest.mark.integration

# Generous: several guests may boot at once on two cores under emulation.
BOOT_DEADLINE = 120.0
OFF_DEADLINE = 60.0

DOMAIN = """
<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>{memory}</memory>
  <os><type machine='pc'>hvm</type></os>
  <features><acpi/></features>
  <on_reboot>restart</on_reboot>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='{format}'/>
      <source file={disk}/>
      <target dev='vda' bus='virtio'/>
    </disk>
    {cdrom}
    <serial type='pty'>
      <log file={log} append='off'/>
    </serial>
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
    </rng>
  </devices>
</domain>
"""
CDROM = """
    <disk type='file' device='cdrom'>
      <source file={}/><target dev='hda' bus='ide'/><readonly/>
    </disk>
"""


class Machine:
    """A defined domain, its console log, and deadlines."""

    def __init__(self, domain: libvirt.virDomain, log: Path) -> None:
        self.domain = domain
        self.log = log

    def console(self) -> str:
        """What the guest has printed since it was started."""
        if not self.log.exists():
            return ""
        text = self.log.read_text(errors="replace")
        return text.replace("\r\n", "\n")

    def wait(
        self, what: str, condition: Callable[[], object], seconds: float
    ) -> None:
        """Poll until the condition holds, or fail with the console."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"no {what}; console:\n{self.console()}")
            time.sleep(0.05)

    def boot(self, line: str) -> str:
        """Start the guest and return its console once it has the line."""
        self.domain.create()
        return self.wait_for(line)

    def wait_for(self, line: str) -> str:
        """Return the console once it has the line."""
        self.wait(
            f"{line!r}",
            lambda: re.search(line, self.console(), re.MULTILINE),
            BOOT_DEADLINE,
        )
        return self.console()

    def press_power_button(self) -> None:
        """Press it and wait until the domain is shut off."""
        self.domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
        self.wait(
            "end after the power button",
            lambda: not self.domain.isActive(),
            OFF_DEADLINE,
        )


@pytest.fixture
def define(libvirtd: str, guest_dir: Path) -> Iterator[Callable[..., Machine]]:
    """Define machines by memory (MiB), disk, format and config drive."""
    connection = libvirt.open(libvirtd)
    machines: list[Machine] = []

    def make(
        memory: int, disk: Path, disk_format: str, drive: Path | None = None
    ) -> Machine:
        name = f"nova-lite-test-{uuid.uuid4()}"
        log = guest_dir / f"{name}.log"
        xml = DOMAIN.format(
            name=name,
            uuid=uuid.uuid4(),
            memory=memory,
            format=disk_format,
            disk=quoteattr(str(disk)),
            log=quoteattr(str(log)),
            cdrom=CDROM.format(quoteattr(str(drive))) if drive else "",
        )
        machines.append(Machine(connection.defineXML(xml), log))
        return machines[-1]

    yield make
    for machine in machines:
        if machine.domain.isActive():
            machine.domain.destroy()
        machine.domain.undefine()
    connection.close()


def overlay(base: Path, directory: Path, size: str) -> Path:
    """Make a disk of its own for a guest, larger than the image."""
    disk = directory / "disk.qcow2"
    subprocess.run(
        [
            *("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2"),
            *("-b", str(base), str(disk), size),
        ],
        check=True,
    )
    return disk


def config_drive(directory: Path, metadata: dict[str, object]) -> Path:
    """Make a config drive with the metadata and a user data script."""
    latest = directory / "drive/openstack/latest"
    latest.mkdir(parents=True)
    (latest / "meta_data.json").write_text(json.dumps(metadata))
    (latest / "user_data").write_text(
        "#!/bin/sh\n"
        "echo keys=$(wc -l </root/.ssh/authorized_keys)\n"
        "cut -c 1-11 /root/.ssh/authorized_keys\n"
        "exit 3\n"
    )
    image = directory / "config.iso"
    subprocess.run(
        [
            *("genisoimage", "-quiet", "-V", "config-2", "-r", "-J"),
            *("-o", str(image), str(directory / "drive")),
        ],
        check=True,
    )
    return image


def test_tick_guest(
    define: Callable[..., Machine], tick_image: Path, guest_dir: Path
) -> None:
    disk = guest_dir / "tick.raw"
    shutil.copy(tick_image, disk)
    machine = define(32, disk, "raw")
    machine.boot(r"^TICK up$")
    machine.press_power_button()
    assert machine.console().endswith("TICK power button\nTICK bye\n")
    # Once more: the image must not depend on a fresh machine.
    machine.boot(r"^TICK up$")


def test_linux_guest_without_network(
    define: Callable[..., Machine], linux_image: Path, guest_dir: Path
) -> None:
    machine = define(128, overlay(linux_image, guest_dir, "1G"), "qcow2")
    said = machine.boot(r"^nova-lite-guest: ready .*$")
    assert "nova-lite-guest: boot count=1\n" in said
    assert "nova-lite-guest: no network device\n" in said
    ready = said[said.index("nova-lite-guest: ready") :]
    assert " hostname=nova-lite-guest " in ready
    assert f" uuid={machine.domain.UUIDString()} " in ready
    assert " root=/dev/vda size=1024MiB boots=1 metadata=none " in ready
    machine.wait_for(r"^nova-lite-guest login: ")

    machine.press_power_button()
    assert "nova-lite-guest: power button\n" in machine.console()
    # The data partition outlives the guest's life.
    machine.boot(r"^nova-lite-guest: boot count=2$")


def test_linux_guest_takes_its_config_drive(
    define: Callable[..., Machine], linux_image: Path, guest_dir: Path
) -> None:
    identity = str(uuid.uuid4())
    drive = config_drive(
        guest_dir,
        {
            "meta": {"hostname": "not-this-one", "n": [1, {"x": None}]},
            "uuid": identity,
            "hostname": "web-1.novalocal",
            "public_keys": {"my key": 'ssh-ed25519 AAAA "me"\n'},
        },
    )
    disk = overlay(linux_image, guest_dir, "64M")
    machine = define(128, disk, "qcow2", drive)
    said = machine.boot(r"^nova-lite-guest: ready .*$")
    ready = said[said.index("nova-lite-guest: ready") :]
    assert f" hostname=web-1.novalocal uuid={identity} " in ready
    assert " metadata=config-drive " in ready
    assert "\nkeys=1\nssh-ed25519\n" in said
    assert "nova-lite-guest: user data exit=3\n" in said
