# SPDX-License-Identifier: Apache-2.0
"""Interfaces of guests that run, on a real libvirtd."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.virt import configdrive, driver
from nova_lite.virt.libvirt import vif as plugging
from tests.fixtures.hypervisor import (
    ImageShelf,
    ignore_progress,
    make_spec,
    make_vif,
    net_device,
    virt_options,
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


class Stop(Exception):
    """What ends a wait in these tests."""


def nics(hypervisor: driver.ComputeDriver, uuid: str) -> list[str | None]:
    found = hypervisor.get_instance_diagnostics(uuid)
    return [nic.mac_address for nic in found.nic_details]


def test_guest_that_does_not_let_go(
    restarted: Callable[..., driver.ComputeDriver], spec: driver.GuestSpec
) -> None:
    host = restarted(device_detach_attempts=2, device_detach_timeout=1)
    vif = make_vif()
    spec = dataclasses.replace(spec, vifs=(vif,))
    with (
        net_device(vif.devname, "tuntap", "mode", "tap"),
        running(host, spec),
    ):
        # A boot sector knows nothing of hot-plug.
        with pytest.raises(exception.DeviceDetachFailed) as caught:
            host.detach_interface(spec, vif)
        assert "asked 2 times" in caught.value.format_message()
        assert nics(host, spec.uuid) == [vif.address]

        def stop() -> None:
            raise Stop

        with pytest.raises(Stop):
            host.detach_interface(spec, vif, stop)
        # The next start is without the one that was to go.
        host.power_off(spec.uuid)
        host.detach_interface(spec, vif)
        host.power_on(dataclasses.replace(spec, vifs=()))
        assert nics(host, spec.uuid) == []


def test_linux_guest_is_given_one_and_lets_it_go(
    restarted: Callable[..., driver.ComputeDriver],
    shelf: ImageShelf,
    linux_image: object,
) -> None:
    # A q35 has no place for it but those made beforehand.
    shelf.files["linux"] = linux_image  # type: ignore[assignment]
    host = restarted()
    image = driver.ImageSpec(
        id="linux",
        disk_format="qcow2",
        properties={"hw_machine_type": "q35"},
    )
    spec = make_spec(image=image, memory_mb=128, root_gb=1)
    vif = make_vif()
    with (
        net_device(vif.devname, "tuntap", "mode", "tap"),
        running(host, spec),
    ):
        wait_for_console(host, spec.uuid, b"size=1024MiB")
        host.attach_interface(spec, vif)
        assert nics(host, spec.uuid) == [vif.address]
        host.detach_interface(spec, vif)
        assert nics(host, spec.uuid) == []
        # The tap is not the driver's: netd made it, netd removes it.
        assert os.path.exists(f"/sys/class/net/{vif.devname}")


class WatchedShelf(ImageShelf):
    """Looks at the guest while its network is waited for."""

    def wait_for_plugs(self, uuid: str) -> None:
        super().wait_for_plugs(uuid)
        self.look(uuid)

    def look(self, uuid: str) -> None:
        """Replaced by the test."""


@pytest.fixture
def watched(
    shelf: ImageShelf, restarted: Callable[..., driver.ComputeDriver]
) -> tuple[WatchedShelf, driver.ComputeDriver]:
    shelf.__class__ = WatchedShelf
    assert isinstance(shelf, WatchedShelf)
    return shelf, restarted()


def test_guest_in_a_bridge_waits_for_its_network_paused(
    watched: tuple[WatchedShelf, driver.ComputeDriver],
    spec: driver.GuestSpec,
) -> None:
    shelf, host = watched
    vif = make_vif(type="bridge", details={"bridge_name": f"tb{os.getpid()}"})
    spec = dataclasses.replace(spec, vifs=(vif,))
    seen = []

    def look(uuid: str) -> None:
        seen.append(host.get_info(uuid).state)
        master = os.readlink(f"/sys/class/net/{vif.devname}/master")
        seen.append(os.path.basename(master))

    def refuse(_uuid: str) -> None:
        raise Stop

    shelf.look = look  # type: ignore[method-assign]
    with (
        net_device(f"tb{os.getpid()}", "link", "type", "bridge"),
        running(host, spec),
    ):
        assert seen == [power_state.PAUSED, f"tb{os.getpid()}"]
        assert host.get_info(spec.uuid).state == power_state.RUNNING
        host.power_off(spec.uuid)
        shelf.look = refuse  # type: ignore[method-assign]
        with pytest.raises(Stop):
            host.power_on(spec)
        assert host.get_info(spec.uuid).state == power_state.SHUTDOWN


def test_tap_is_wired_before_the_guest_is_there(
    watched: tuple[WatchedShelf, driver.ComputeDriver],
    spec: driver.GuestSpec,
) -> None:
    shelf, host = watched
    spec = dataclasses.replace(spec, vifs=(make_vif(),))

    def refuse(uuid: str) -> None:
        with pytest.raises(exception.GuestNotFound):
            host.get_info(uuid)
        raise Stop

    shelf.look = refuse  # type: ignore[method-assign]
    try:
        with pytest.raises(Stop):
            host.spawn(spec, ignore_progress)
    finally:
        host.destroy(spec.uuid)
    assert shelf.waited == [spec.uuid]


def test_the_drive_tells_where_a_card_is(
    restarted: Callable[..., driver.ComputeDriver],
    spec: driver.GuestSpec,
    guest_dir: Path,
) -> None:
    host = restarted()
    vif = make_vif(tag="front")
    spec = dataclasses.replace(spec, vifs=(vif,), config_drive=True)
    path = guest_dir / "instances" / spec.uuid / configdrive.NAME
    with (
        net_device(vif.devname, "tuntap", "mode", "tap"),
        running(host, spec),
    ):
        place = host.card_places(spec.uuid)[vif.id]
        assert place.bus == "pci"
        assert re.fullmatch(r"0000:00:[0-9a-f]{2}\.0", place.address)
        drive = path.read_bytes()
        assert f'"address": "{place.address}"'.encode() in drive
        assert b'"security-groups": ["web", "db"]' in drive
    assert host.card_places(spec.uuid) == {}


def test_tap_with_queues() -> None:
    vif = make_vif()
    spec = make_spec(
        vcpus=2,
        vifs=(vif,),
        flavor_extra_specs={"hw:vif_multiqueue_enabled": "true"},
    )
    host = plugging.Interfaces("qemu")
    for more, queues in ((("multi_queue",), "2"), ((), None)):
        with net_device(vif.devname, "tuntap", "mode", "tap", *more):
            (card,) = host.cards(spec)
        found = card.find("driver")
        assert found is not None
        assert found.get("queues") == queues
