# SPDX-License-Identifier: Apache-2.0
"""The fake driver passes the contract, and fails when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.virt import driver, fake, loader
from tests.fixtures.driver_contract import DriverContract
from tests.fixtures.hypervisor import (
    ImageShelf,
    ignore_progress,
    make_spec,
    make_vif,
    virt_options,
)

__all__ = ["virt_options"]


@pytest.fixture
def daemon(
    virt_options: Callable[..., None],
) -> Iterator[Callable[..., driver.ComputeDriver]]:
    """Starts drivers as daemons of a host would, and stops them after."""
    started = []

    def start(host: str = "host1") -> driver.ComputeDriver:
        one = loader.load_driver("fake", ImageShelf({}))
        one.init_host(host)
        started.append(one)
        return one

    yield start
    for one in started:
        one.cleanup_host()


class TestFakeDriver(DriverContract):
    @pytest.fixture
    def restarted(
        self, daemon: Callable[..., driver.ComputeDriver]
    ) -> Callable[..., driver.ComputeDriver]:
        return daemon

    @pytest.fixture
    def hypervisor(
        self, daemon: Callable[..., driver.ComputeDriver]
    ) -> driver.ComputeDriver:
        return daemon()

    @pytest.fixture
    def spec(self) -> driver.GuestSpec:
        return make_spec()


def test_console_names_the_guest(
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    host, spec = daemon(), make_spec(display_name="front-7")
    host.spawn(spec, ignore_progress)
    text = host.get_console_output(spec.uuid, 10_000).decode()
    assert spec.uuid in text
    assert "front-7" in text


def test_failed_spawn_leaves_half_a_guest(
    virt_options: Callable[..., None],
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    virt_options(fake={"fail_spawn": "^bad"})
    host, good = daemon(), make_spec(display_name="not bad")
    host.spawn(good, ignore_progress)
    bad = make_spec(display_name="bad-1")
    with pytest.raises(exception.VirtError, match="fail_spawn"):
        host.spawn(bad, ignore_progress)
    # As with a real hypervisor: the caller has to destroy it.
    assert host.get_info(bad.uuid).state == power_state.NOSTATE
    assert set(host.list_disk_owners()) == {good.uuid, bad.uuid}
    host.destroy(bad.uuid)
    assert host.list_disk_owners() == [good.uuid]


def test_failed_image_leaves_nothing(
    virt_options: Callable[..., None],
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    virt_options(fake={"fail_image": "."})
    host = daemon()
    with pytest.raises(exception.ImageDownloadFailed):
        host.spawn(make_spec(), ignore_progress)
    assert host.list_guests() == []


def test_half_a_guest_of_a_killed_daemon_is_made_anew(
    virt_options: Callable[..., None],
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    virt_options(fake={"fail_spawn": "."})
    spec = make_spec()
    with pytest.raises(exception.VirtError):
        daemon().spawn(spec, ignore_progress)
    virt_options(fake={"fail_spawn": ""})
    later = daemon()
    assert later.get_info(spec.uuid).state == power_state.NOSTATE
    later.spawn(spec, ignore_progress)
    assert later.get_info(spec.uuid).state == power_state.RUNNING


def test_unreadable_guests_do_not_stop_the_start(
    daemon: Callable[..., driver.ComputeDriver], tmp_path: Path
) -> None:
    spec = make_spec()
    daemon().spawn(spec, ignore_progress)
    (file,) = tmp_path.rglob("*.json")
    file.with_name("empty.json").touch()
    file.with_name("half.tmp").write_text("{")
    known = daemon().list_guests()
    assert [info.uuid for info in known] == [spec.uuid]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_hosts_with_one_state_path_keep_apart(
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    one, two = daemon("host1"), daemon("host2")
    one.spawn(make_spec(), ignore_progress)
    assert len(one.list_guests()) == 1
    assert two.list_guests() == []
    assert daemon("host2").list_guests() == []


def test_cache_is_of_one_host_and_outlives_the_daemon(
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    image = make_spec().image
    assert daemon("host1").cache_image(image, ignore_progress)
    assert daemon("host2").cache_image(image, ignore_progress)
    assert not daemon("host1").cache_image(image, ignore_progress)


def test_host_actions_say_what_is_asked_for(
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    host = daemon()
    assert host.set_host_enabled(False) == "disabled"
    assert host.host_maintenance_mode(True) == "on_maintenance"
    assert host.host_power_action("reboot") == "reboot"


def test_bad_pattern_names_itself(virt_options: Callable[..., None]) -> None:
    virt_options(fake={"fail_spawn": "("})
    with pytest.raises(exception.ConfigurationError, match="regular"):
        fake.FakeDriver(ImageShelf({}))


def test_unknown_driver_names_the_known() -> None:
    with pytest.raises(exception.ConfigurationError, match="fake, libvirt"):
        loader.load_driver("xen", ImageShelf({}))


def test_interface_that_cannot_be_given(
    virt_options: Callable[..., None],
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    virt_options(fake={"fail_attach": "full"})
    host, spec = daemon(), make_spec(display_name="full-1")
    host.spawn(spec, ignore_progress)
    with pytest.raises(exception.VirtError, match="fail_attach"):
        host.attach_interface(spec, make_vif())


def test_deaf_guest_does_not_let_its_interface_go(
    virt_options: Callable[..., None],
    daemon: Callable[..., driver.ComputeDriver],
) -> None:
    virt_options(fake={"deaf": "deaf"})
    vif = make_vif()
    host, spec = daemon(), make_spec(display_name="deaf-1", vifs=(vif,))
    host.spawn(spec, ignore_progress)
    with pytest.raises(exception.DeviceDetachFailed):
        host.detach_interface(spec, vif)
    found = host.get_instance_diagnostics(spec.uuid).nic_details
    assert [nic.mac_address for nic in found] == [vif.address]
