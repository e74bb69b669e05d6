# SPDX-License-Identifier: Apache-2.0
"""Power, suspend, NMI and password on real guests under emulation."""

from __future__ import annotations

import base64
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt
import libvirt_qemu
import pytest

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.virt import driver
from tests.fixtures.hypervisor import (
    ImageShelf,
    make_spec,
    virt_options,
    wait_for,
)
from tests.fixtures.libvirt_driver import (
    hypervisor,
    restarted,
    running,
    shelf,
    spec,
    wait_for_console,
)

__all__ = ["hypervisor", "restarted", "shelf", "spec", "virt_options"]

pytestmark = pytest.mark.integration

AGENT = {"hw_qemu_guest_agent": "yes"}


@pytest.fixture
def libvirt_connection(libvirtd: str) -> Iterator[Any]:
    """Behind the driver's back."""
    connection = libvirt.open(libvirtd)
    yield connection
    connection.close()


@pytest.fixture
def deaf(shelf: ImageShelf, tmp_path: Path) -> driver.GuestSpec:
    """A guest with nothing to boot: it does not see its power button."""
    empty = tmp_path / "empty.raw"
    empty.write_bytes(b"\0" * 65536)
    shelf.files["empty"] = empty
    return make_spec(image=driver.ImageSpec(id="empty", disk_format="raw"))


@pytest.fixture
def up(
    hypervisor: driver.ComputeDriver, spec: driver.GuestSpec
) -> Iterator[driver.GuestSpec]:
    """A tick guest that has booted."""
    with running(hypervisor, spec):
        wait_for_console(hypervisor, spec.uuid, b"TICK up")
        yield spec


def console(hypervisor: driver.ComputeDriver, uuid: str) -> bytes:
    return hypervisor.get_console_output(uuid, 65536)


class _Enough(Exception):
    pass


def test_guest_that_does_not_obey(
    hypervisor: driver.ComputeDriver, deaf: driver.GuestSpec
) -> None:
    asked: list[float] = []

    def checkpoint() -> None:
        asked.append(time.monotonic())
        if len(asked) == 3:
            raise _Enough

    with running(hypervisor, deaf):
        for wait in (
            lambda: hypervisor.power_off(deaf.uuid, 60, checkpoint),
            lambda: hypervisor.soft_reboot(deaf, 60, checkpoint),
        ):
            asked.clear()
            with pytest.raises(_Enough):
                wait()
            assert asked[-1] - asked[0] < 30
        info = hypervisor.get_info(deaf.uuid)
        assert info.state == power_state.RUNNING
        assert not hypervisor.soft_reboot(deaf, 1)
        hypervisor.power_off(deaf.uuid, 1)
        info = hypervisor.get_info(deaf.uuid)
        assert info.state == power_state.SHUTDOWN


def test_soft_reboot_is_the_guests_own(
    hypervisor: driver.ComputeDriver,
    up: driver.GuestSpec,
    libvirt_connection: Any,
) -> None:
    def number() -> int:
        # libvirt counts the starts of all guests.
        domain = libvirt_connection.lookupByUUIDString(up.uuid)
        return int(domain.ID())

    before = number()
    assert hypervisor.soft_reboot(up, 30)
    assert number() > before
    wait_for_console(hypervisor, up.uuid, b"TICK up")


def test_pause_stops_the_clock_of_the_guest(
    hypervisor: driver.ComputeDriver, up: driver.GuestSpec
) -> None:
    hypervisor.pause(up.uuid)
    # What was on its way to the log when it was paused arrives.
    seen = console(hypervisor, up.uuid)
    wait_for(lambda: console(hypervisor, up.uuid) == seen, "a silent console")
    hypervisor.unpause(up.uuid)
    wait_for(
        lambda: console(hypervisor, up.uuid).count(b".") > seen.count(b"."),
        "the guest ticks again",
    )
    assert console(hypervisor, up.uuid).count(b"TICK up") == 1


def test_suspended_guest_goes_on_where_it_was(
    hypervisor: driver.ComputeDriver,
    restarted: Callable[..., driver.ComputeDriver],
    up: driver.GuestSpec,
) -> None:
    hypervisor.suspend(up.uuid)
    info = hypervisor.get_info(up.uuid)
    assert info.state == power_state.SHUTDOWN
    later = restarted()
    later.resume(up.uuid)
    # The log begins anew: a guest that had booted would say so.
    wait_for(lambda: b"." in console(later, up.uuid), "a tick")
    assert b"TICK up" not in console(later, up.uuid)


def test_hard_reboot_forgets_what_was_suspended(
    hypervisor: driver.ComputeDriver, up: driver.GuestSpec
) -> None:
    hypervisor.suspend(up.uuid)
    hypervisor.hard_reboot(up)
    wait_for_console(hypervisor, up.uuid, b"TICK up")


@pytest.mark.parametrize("again", ["hard_reboot", "power_on"])
def test_guest_that_somebody_undefined_comes_back(
    hypervisor: driver.ComputeDriver,
    up: driver.GuestSpec,
    libvirt_connection: Any,
    guest_dir: Path,
    again: str,
) -> None:
    disk = guest_dir / "instances" / up.uuid / "disk"
    before = disk.stat().st_ino
    domain = libvirt_connection.lookupByUUIDString(up.uuid)
    domain.undefine()
    domain.destroy()
    getattr(hypervisor, again)(up)
    wait_for_console(hypervisor, up.uuid, b"TICK up")
    assert disk.stat().st_ino == before
    assert hypervisor.get_info(up.uuid).owned


def test_hard_reboot_describes_the_guest_anew(
    hypervisor: driver.ComputeDriver,
    up: driver.GuestSpec,
    libvirt_connection: Any,
) -> None:
    hypervisor.hard_reboot(dataclasses.replace(up, memory_mb=48))
    domain = libvirt_connection.lookupByUUIDString(up.uuid)
    assert domain.maxMemory() == 48 * 1024


def test_disks_keep_their_format(
    restarted: Callable[..., driver.ComputeDriver],
    spec: driver.GuestSpec,
    libvirt_connection: Any,
) -> None:
    """Whatever a new configuration says, and whatever the guest writes."""
    first = restarted(images_type="raw")
    with running(first, spec):
        restarted(images_type="qcow2").hard_reboot(spec)
        xml = libvirt_connection.lookupByUUIDString(spec.uuid).XMLDesc()
        assert "type='raw'" in xml
        assert "type='qcow2'" not in xml
        wait_for_console(first, spec.uuid, b"TICK up")


def test_nmi(hypervisor: driver.ComputeDriver, up: driver.GuestSpec) -> None:
    hypervisor.trigger_crash_dump(up.uuid)
    wait_for_console(hypervisor, up.uuid, b"TICK NMI")


def test_password_without_an_agent(
    hypervisor: driver.ComputeDriver, up: driver.GuestSpec
) -> None:
    with pytest.raises(exception.PasswordNotSupported, match="agent=yes"):
        hypervisor.set_admin_password(up, None, "s3cret")
    image = driver.ImageSpec(id="tick", disk_format="raw", properties=AGENT)
    silent = make_spec(image=image)
    refused = pytest.raises(exception.NotSupported, match="not answer")
    with running(hypervisor, silent), refused:
        hypervisor.set_admin_password(silent, None, "s3cret")


def test_password_of_a_linux_guest(
    hypervisor: driver.ComputeDriver,
    shelf: ImageShelf,
    linux_image: Path,
    libvirt_connection: Any,
) -> None:
    shelf.files["linux"] = linux_image
    image = driver.ImageSpec(id="linux", disk_format="qcow2", properties=AGENT)
    spec = make_spec(image=image, memory_mb=128, root_gb=1)
    with running(hypervisor, spec):
        domain = libvirt_connection.lookupByUUIDString(spec.uuid)

        def changed() -> bool:
            try:
                hypervisor.set_admin_password(spec, None, "s3cret pass")
            except exception.NotSupported:
                return False  # its agent does not run yet
            return True

        wait_for(changed, "the guest's agent")
        line = _run(domain, "grep ^root: /etc/shadow")
        salt = line.split("$")[2]
        wanted = _run(domain, f"mkpasswd -m sha512 -S {salt} 's3cret pass'")
        assert line.split(":")[1] == wanted
        with pytest.raises(exception.VirtError):
            hypervisor.set_admin_password(spec, "nobody-such", "s3cret")


def _run(domain: Any, command: str) -> str:
    """What a shell command in the guest prints."""

    def ask(name: str, **arguments: Any) -> Any:
        request = {"execute": name, "arguments": arguments}
        text = libvirt_qemu.qemuAgentCommand(
            domain, json.dumps(request), 60, 0
        )
        return json.loads(text)["return"]

    started = ask(
        "guest-exec",
        path="/bin/sh",
        arg=["-c", command],
        **{"capture-output": True},
    )

    def ended() -> Any:
        status = ask("guest-exec-status", pid=started["pid"])
        return status if status["exited"] else None

    status = wait_for(ended, command)
    return base64.b64decode(status.get("out-data", "")).decode().strip()
