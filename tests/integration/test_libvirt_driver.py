# SPDX-License-Identifier: Apache-2.0
"""The libvirt driver with a real libvirtd and guests under emulation.

Runs on native threads; the last test runs this same file once more in a
process of its own, on green threads.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
import pytest

from nova_lite import concurrency, exception
from nova_lite.compute import power_state
from nova_lite.network.model import VIF
from nova_lite.virt import driver
from tests.fixtures.driver_contract import STARTED, STOPPED, DriverContract
from tests.fixtures.hypervisor import (
    EventLog,
    ImageShelf,
    ignore_progress,
    make_spec,
    make_vif,
    net_device,
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
from tests.fixtures.relay import Relay

__all__ = ["hypervisor", "restarted", "shelf", "spec", "virt_options"]

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "xml"
# Starts pytest on green threads: these must be chosen before all imports.
ON_EVENTLET = (
    "import sys; from nova_lite import concurrency; "
    "concurrency.setup('eventlet'); "
    "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
)
# A daemon that tells each stage of a spawn; argv: directory, image, uuid.
SPAWN_AND_TELL = """
import sys
from pathlib import Path
from nova_lite.virt import loader
from tests.fixtures.hypervisor import ImageShelf, make_spec, set_options
home, image, uuid = sys.argv[1:]
set_options(Path(home) / "instances", libvirt={"virt_type": "qemu"})
host = loader.load_driver("libvirt", ImageShelf({"tick": Path(image)}))
host.init_host("host1")
spec = make_spec(uuid=uuid, name=f"instance-{uuid[:8]}")
host.spawn(spec, lambda _percent, what: print(what, flush=True))
"""


class TestLibvirtDriver(DriverContract):
    """The contract; its fixtures are those of this module."""

    @pytest.fixture
    def vif(self) -> Iterator[VIF]:
        vif = make_vif()
        with net_device(vif.devname, "tuntap", "mode", "tap"):
            yield vif

    def test_host_is_not_for_us_to_switch(
        self, hypervisor: driver.ComputeDriver
    ) -> None:
        with pytest.raises(exception.NotSupported):
            hypervisor.set_host_enabled(False)
        with pytest.raises(exception.NotSupported):
            hypervisor.host_maintenance_mode(True)
        with pytest.raises(exception.NotSupported):
            hypervisor.host_power_action("reboot")


@pytest.mark.parametrize("images_type", ["qcow2", "raw"])
@pytest.mark.parametrize("image_format", ["qcow2", "raw"])
def test_boots_from_its_disk_and_obeys_its_button(
    restarted: Callable[..., driver.ComputeDriver],
    shelf: ImageShelf,
    guest_dir: Path,
    images_type: str,
    image_format: str,
) -> None:
    if image_format == "qcow2":
        qcow2 = guest_dir / "tick.qcow2"
        subprocess.run(
            ["qemu-img", "convert", "-O", "qcow2", shelf.files["tick"], qcow2],
            check=True,
        )
        shelf.files["tick"] = qcow2
    host = restarted(images_type=images_type)
    image = driver.ImageSpec(id="tick", disk_format=image_format)
    spec = make_spec(image=image, root_gb=1, ephemeral_gb=1, swap_mb=8)
    with running(host, spec):
        wait_for_console(host, spec.uuid, b"TICK up")
        host.power_off(spec.uuid, timeout_s=30)
        assert host.get_info(spec.uuid).state == power_state.SHUTDOWN
        # The guest says goodbye only when it was asked, not when cut.
        wait_for_console(host, spec.uuid, b"TICK bye")
        host.power_on(spec)
        wait_for_console(host, spec.uuid, b"TICK up")
    left = [path.name for path in (guest_dir / "instances").iterdir()]
    assert left == ["_base"]


@pytest.mark.parametrize("bus", ["scsi", "sata", "ide"])
def test_disk_bus_of_the_image(
    hypervisor: driver.ComputeDriver, bus: str
) -> None:
    machine = {"hw_machine_type": "q35"} if bus == "sata" else {}
    image = driver.ImageSpec(
        id="tick",
        disk_format="raw",
        properties={"hw_disk_bus": bus, **machine},
    )
    with running(hypervisor, make_spec(image=image)) as spec:
        wait_for_console(hypervisor, spec.uuid, b"TICK")


def test_linux_guest(
    restarted: Callable[..., driver.ComputeDriver],
    shelf: ImageShelf,
    linux_image: Path,
) -> None:
    shelf.files["linux"] = linux_image
    host = restarted()
    image = driver.ImageSpec(id="linux", disk_format="qcow2")
    spec = make_spec(image=image, memory_mb=128, root_gb=1)
    with running(host, spec):
        wait_for_console(
            host, spec.uuid, f"uuid={spec.uuid} root=/dev/vda".encode()
        )
        wait_for_console(host, spec.uuid, b"size=1024MiB")


@pytest.mark.skipif(
    not os.path.exists("/dev/kvm"), reason="this machine has no /dev/kvm"
)
def test_kvm_guest(restarted: Callable[..., driver.ComputeDriver]) -> None:
    # Where KVM is nested, QEMU may be refused this one feature.
    host = restarted(
        virt_type="kvm", cpu_model_extra_flags=["-arch-capabilities"]
    )
    with running(host, make_spec()) as spec:
        wait_for_console(host, spec.uuid, b"TICK up")


def test_guest_that_ends_by_itself_is_reported(
    hypervisor: driver.ComputeDriver, libvirtd: str
) -> None:
    events = EventLog()
    hypervisor.register_event_listener(events)
    connection = libvirt.open(libvirtd)
    try:
        with running(hypervisor, make_spec()) as spec:
            wait_for_console(hypervisor, spec.uuid, b"TICK up")
            connection.lookupByUUIDString(spec.uuid).shutdown()
            events.wait(spec.uuid, STOPPED)
            state = hypervisor.get_info(spec.uuid).state
            assert state == power_state.SHUTDOWN
    finally:
        connection.close()


def test_half_a_guest_is_made_anew(
    hypervisor: driver.ComputeDriver, libvirtd: str, guest_dir: Path
) -> None:
    """As a daemon leaves it that was killed between define and launch."""
    spec = make_spec()
    half = guest_dir / "instances" / spec.uuid
    half.mkdir()
    (half / "disk").write_bytes(b"half a disk")
    connection = libvirt.open(libvirtd)
    try:
        connection.defineXML(
            f"<domain type='qemu'><name>{spec.name}</name>"
            f"<uuid>{spec.uuid}</uuid><memory unit='MiB'>32</memory>"
            "<os><type>hvm</type></os></domain>"
        )
        known = {info.uuid: info for info in hypervisor.list_guests()}
        assert not known[spec.uuid].owned
        with running(hypervisor, spec):
            wait_for_console(hypervisor, spec.uuid, b"TICK up")
            assert hypervisor.get_info(spec.uuid).owned
    finally:
        connection.close()


@pytest.mark.parametrize("stage", ["disk creation", "launch"])
def test_spawn_again_after_kill(
    hypervisor: driver.ComputeDriver,
    guest_dir: Path,
    shelf: ImageShelf,
    stage: str,
) -> None:
    """A daemon killed in the middle of a spawn; the next one finishes it."""
    spec = make_spec()
    command = [sys.executable, "-c", SPAWN_AND_TELL, str(guest_dir)]
    with subprocess.Popen(
        [*command, str(shelf.files["tick"]), spec.uuid],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as daemon:
        assert daemon.stdout is not None
        assert stage in iter(lambda: daemon.stdout.readline().strip(), "")
        daemon.kill()
    with running(hypervisor, spec):
        wait_for_console(hypervisor, spec.uuid, b"TICK up")
        known = [info.uuid for info in hypervisor.list_guests()]
        assert known.count(spec.uuid) == 1
    assert hypervisor.list_disk_owners() == []


def test_machine_that_the_host_lacks(
    hypervisor: driver.ComputeDriver,
) -> None:
    image = driver.ImageSpec(
        id="tick",
        disk_format="raw",
        properties={"hw_machine_type": "pc-none-such"},
    )
    with pytest.raises(exception.ImageUnacceptable, match="pc-none-such"):
        hypervisor.spawn(make_spec(image=image), ignore_progress)
    assert hypervisor.list_disk_owners() == []


def test_failed_launch_says_why(
    restarted: Callable[..., driver.ComputeDriver],
) -> None:
    host = restarted(cpu_mode="custom", cpu_model="none-such")
    spec = make_spec()
    try:
        with pytest.raises(exception.VirtError, match="none-such"):
            host.spawn(spec, ignore_progress)
    finally:
        host.destroy(spec.uuid)
    assert host.list_disk_owners() == []


def test_no_libvirtd_is_a_sentence(
    restarted: Callable[..., driver.ComputeDriver], guest_dir: Path
) -> None:
    uri = f"qemu+unix:///system?socket={guest_dir}/none"
    with pytest.raises(exception.HypervisorUnavailable, match="none"):
        restarted(connection_uri=uri)


def test_calls_do_not_stop_other_threads(
    hypervisor: driver.ComputeDriver,
) -> None:
    """While a guest launches, other threads run: the hub is not blocked."""
    beats: list[float] = []
    done = threading.Event()

    def beat() -> None:
        while not done.wait(0.01):
            beats.append(time.monotonic())

    concurrency.spawn(beat)
    spec = make_spec()
    try:
        with running(hypervisor, spec):
            pass
    finally:
        done.set()
    gaps = [b - a for a, b in itertools.pairwise(beats)]
    # A launch takes 0.35 s at the least; blocked, it would be one gap.
    assert sum(gap < 0.2 for gap in gaps) >= 10


@pytest.mark.parametrize(
    "path", sorted(GOLDEN.glob("*.xml")), ids=lambda path: path.stem
)
def test_golden_xml_is_valid_for_libvirt(libvirtd: str, path: Path) -> None:
    root = ET.parse(path).getroot()
    # A name, uuid and type that this machine can take at this moment.
    fresh = str(uuid.uuid4())
    for entry in root.iter():
        if entry.text and entry.text.startswith("6f70656e-7374"):
            entry.text = fresh
    root.find("name").text = f"golden-{fresh[:8]}"  # type: ignore[union-attr]
    root.set("type", "qemu")
    targets = [target.get("dev") for target in root.findall(".//disk/target")]
    connection = libvirt.open(libvirtd)
    try:
        domain = connection.defineXMLFlags(
            ET.tostring(root, encoding="unicode"),
            libvirt.VIR_DOMAIN_DEFINE_VALIDATE,
        )
        try:
            kept = ET.fromstring(domain.XMLDesc())
            found = kept.findall(".//disk/target")
            assert [target.get("dev") for target in found] == targets
        finally:
            domain.undefine()
    finally:
        connection.close()


def test_reconnects_when_libvirtd_comes_back(
    restarted: Callable[..., driver.ComputeDriver],
    guest_dir: Path,
    spec: driver.GuestSpec,
) -> None:
    relay = Relay(guest_dir / "sock", "/run/libvirt/libvirt-sock")
    relay.start()
    uri = f"qemu+unix:///system?socket={relay.path}"
    host = restarted(connection_uri=uri)
    events = EventLog()
    host.register_event_listener(events)
    with running(host, spec):
        events.wait(spec.uuid, STARTED)
        wait_for_console(host, spec.uuid, b"TICK up")
        relay.stop()
        with pytest.raises(exception.HypervisorUnavailable):
            host.get_info(spec.uuid)
        with pytest.raises(exception.HypervisorUnavailable):
            host.list_guests()
        relay.start()

        def answers() -> bool:
            with contextlib.suppress(exception.HypervisorUnavailable):
                return host.get_info(spec.uuid).state == power_state.RUNNING
            return False

        wait_for(answers, "an answer after libvirtd came back")
        # The subscription to events was made anew too.
        host.power_off(spec.uuid, timeout_s=30)
        events.wait(spec.uuid, STOPPED)
    relay.stop()


@pytest.mark.timeout(600)
@pytest.mark.skipif(
    concurrency.mode() == concurrency.EVENTLET,
    reason="this is the run that the test starts",
)
def test_all_of_this_on_eventlet(libvirtd: str) -> None:
    # What Hypothesis looks for at the end cannot be imported on eventlet.
    without = ("cacheprovider", "xdist", "hypothesispytest")
    options = ["-q", "-x", *(f"-pno:{name}" for name in without)]
    done = subprocess.run(
        [sys.executable, "-c", ON_EVENTLET, __file__, *options],
        cwd=ROOT,
        env={**os.environ, "NOVA_LITE_CONCURRENCY": "eventlet"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=580,
    )
    assert done.returncode == 0, done.stdout[-6000:]
