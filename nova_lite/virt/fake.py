# SPDX-License-Identifier: Apache-2.0
"""A hypervisor that only pretends; for tests and for trying many hosts.

Runs in nova-lite-compute. Its guests outlive the daemon, as real ones do:
fake_guests has them as files in ``<instances_path>/fake/<host>``, read once
when the host starts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.network.model import VIF, Place, placed
from nova_lite.virt import (
    configdrive,
    diagnostics,
    dispatch,
    driver,
    fake_answers,
    fake_snapshot,
)
from nova_lite.virt.fake_guests import Guest, Guests, info_of

CONF = cfg.CONF

_LOOK_S = 0.05
_SIZES = ("vcpus", "memory_mb", "disk_gb")
# Of a config drive's documents.
_SHOWN = ("openstack/latest/", "openstack/content/", "ec2/latest/")
_FIRST_SLOT = 3


class FakeDriver(driver.ComputeDriver):
    """Keeps guests as files; does no work but the delays it is told."""

    capabilities = {
        "supports_migrate_to_same_host": True,
        "wires_vifs": False,
    }

    def __init__(self, virtapi: driver.VirtAPI) -> None:
        super().__init__(virtapi)
        self._root = Path(CONF.instances_path) / "fake"
        self._drives = configdrive.ConfigDrives()
        self._vcpus: int = CONF.fake.vcpus
        self._memory_mb: int = CONF.fake.memory_mb
        self._local_gb: int = CONF.fake.local_gb
        self._spawn_delay_s: float = CONF.fake.spawn_delay_s
        self._fail_spawn = _pattern(CONF.fake.fail_spawn)
        self._fail_image = _pattern(CONF.fake.fail_image)
        self._console = driver.ConsoleAddress(
            "127.0.0.1", CONF.fake.console_port
        )
        self._deaf = _pattern(CONF.fake.deaf)
        self._no_agent = _pattern(CONF.fake.no_agent)
        self._fail_attach = _pattern(CONF.fake.fail_attach)
        self._fail_snapshot = _pattern(CONF.fake.fail_snapshot)
        self._snapshots: fake_snapshot.Snapshots
        self._host = ""
        self._guests = Guests(self._root)
        self._events = dispatch.EventDispatcher()

    def init_host(self, host: str) -> None:
        """Read the guests that an earlier daemon of this host left."""
        self._host = host
        directory = self._root / host.replace("/", "_")
        self._guests = Guests(directory)
        self._snapshots = fake_snapshot.Snapshots(
            self._root / "_snapshots" / directory.name,
            CONF.fake.snapshot_kib,
            CONF.fake.snapshot_delay_s,
        )
        self._snapshots.clear()
        self._guests.load()
        self._events.start()

    def cleanup_host(self) -> None:
        """End the event thread; guests go on."""
        self._events.stop()

    def register_event_listener(self, listener: driver.EventListener) -> None:
        """Call ``listener`` for each lifecycle event from now on."""
        self._events.add(listener)

    def get_available_resource(self) -> driver.HostResources:
        """What the options say, less what the guests have."""
        guests = self._guests.all()
        disk_used = sum(guest.disk_gb for guest in guests)
        return driver.HostResources(
            vcpus=self._vcpus,
            memory_mb=self._memory_mb,
            local_gb=self._local_gb,
            vcpus_used=sum(guest.vcpus for guest in guests),
            memory_mb_used=sum(guest.memory_mb for guest in guests),
            local_gb_used=disk_used,
            disk_available_least_gb=max(self._local_gb - disk_used, 0),
            hypervisor_type="fake",
            hypervisor_version=1000000,
            hypervisor_hostname=self._host,
            cpu_info={
                "arch": "x86_64",
                "model": "fake",
                "vendor": "fake",
                "topology": {"cores": self._vcpus, "threads": 1, "sockets": 1},
                "features": [],
            },
            supported_instances=[("x86_64", "fake", "hvm")],
            running_guests=sum(
                driver.is_running(guest.state) for guest in guests
            ),
        )

    def list_guests(self) -> list[driver.GuestInfo]:
        """Every guest of this host, half made ones too."""
        return [info_of(guest) for guest in self._guests.all()]

    def list_disk_owners(self) -> list[str]:
        """uuids of all guests: a guest here is its file."""
        return [guest.uuid for guest in self._guests.all()]

    def get_info(self, uuid: str) -> driver.GuestInfo:
        """Raises: GuestNotFound."""
        return info_of(self._guests.get(uuid))

    def spawn(
        self, spec: driver.GuestSpec, progress: driver.ProgressCallback
    ) -> None:
        """Pretend to make and start the guest, or fail as options say."""
        known = self._guests.find(spec.uuid)
        if known is not None and known.state == power_state.RUNNING:
            return
        if self._fail_image and self._fail_image.search(spec.display_name):
            raise exception.ImageDownloadFailed(
                image_id=spec.image.id, reason="[fake] fail_image says so"
            )
        guest = Guest(
            uuid=spec.uuid,
            name=spec.name,
            display_name=spec.display_name,
            state=power_state.NOSTATE,
            vcpus=spec.vcpus,
            memory_mb=spec.memory_mb,
            disk_gb=spec.root_gb + spec.ephemeral_gb,
            config_drive=self._drive_of(spec),
            nics=_nics(spec),
        )
        self._guests.save(guest)
        progress(50, "spawn")
        if self._spawn_delay_s:
            time.sleep(self._spawn_delay_s)
        if self._fail_spawn and self._fail_spawn.search(spec.display_name):
            raise exception.VirtError(reason="[fake] fail_spawn says so")
        self._guests.save(replace(guest, state=power_state.RUNNING, starts=1))
        progress(100, "spawn")
        self._events.put(spec.uuid, driver.LifecycleEvent.STARTED)

    def _drive_of(self, spec: driver.GuestSpec) -> dict[str, str]:
        """The newest documents and the files, a character for each byte."""
        if not spec.config_drive:
            return {}
        if spec.vifs:
            spec = replace(
                spec,
                vifs=placed(spec.vifs, _places(_nics(spec))),
                security_groups=self.virtapi.security_groups(spec.uuid),
            )
        return {
            path: data.decode("latin-1")
            for path, data in self._drives.files(spec).items()
            if path.startswith(_SHOWN)
        }

    def destroy(
        self,
        uuid: str,
        destroy_disks: bool = True,
        vifs: Sequence[VIF] = (),
    ) -> None:
        """Forget the guest; none there is no error."""
        guest = self._guests.remove(uuid)
        self._snapshots.remove(uuid)
        if guest is not None and driver.is_running(guest.state):
            self._events.put(uuid, driver.LifecycleEvent.STOPPED)

    def attach_interface(self, spec: driver.GuestSpec, vif: VIF) -> None:
        """Remember it. Raises: GuestNotFound, VirtError."""
        guest = self._guests.get(spec.uuid)
        if self._fail_attach and self._fail_attach.search(spec.display_name):
            raise exception.VirtError(reason="[fake] fail_attach says so")
        nics = {**guest.nics, vif.id: vif.address}
        self._guests.save(replace(guest, nics=nics))

    def detach_interface(
        self,
        spec: driver.GuestSpec,
        vif: VIF,
        checkpoint: driver.Checkpoint = driver.go_on,
    ) -> None:
        """Forget it, unless the guest is deaf. Raises: DeviceDetachFailed."""
        guest = self._guests.find(spec.uuid)
        if guest is None or vif.id not in guest.nics:
            return
        if self._deaf and self._deaf.search(guest.display_name):
            checkpoint()
            raise exception.DeviceDetachFailed(
                device=vif.id, reason="[fake] deaf says so"
            )
        nics = {key: mac for key, mac in guest.nics.items() if key != vif.id}
        self._guests.save(replace(guest, nics=nics))

    def card_places(self, uuid: str) -> Mapping[str, Place]:
        """Made-up ones, in the order of the cards."""
        guest = self._guests.find(uuid)
        return _places(guest.nics) if guest else {}

    def power_on(self, spec: driver.GuestSpec) -> None:
        """Start a guest that is shut off. Raises: GuestNotFound."""
        guest = self._guests.get(spec.uuid)
        if guest.state == power_state.RUNNING:
            return
        self._guests.save(
            replace(
                guest,
                state=power_state.RUNNING,
                starts=guest.starts + 1,
                nics=_nics(spec),
            )
        )
        self._events.put(spec.uuid, driver.LifecycleEvent.STARTED)

    def power_off(
        self,
        uuid: str,
        timeout_s: int = 0,
        checkpoint: driver.Checkpoint = driver.go_on,
    ) -> None:
        """Stop at once, unless it is deaf. Raises: GuestNotFound."""
        guest = self._guests.get(uuid)
        if not driver.is_running(guest.state):
            return
        if guest.state == power_state.RUNNING:
            self._ask_to_stop(guest, timeout_s, checkpoint)
        self._guests.save(replace(guest, state=power_state.SHUTDOWN))
        self._events.put(uuid, driver.LifecycleEvent.STOPPED)

    def soft_reboot(
        self,
        spec: driver.GuestSpec,
        timeout_s: int,
        checkpoint: driver.Checkpoint = driver.go_on,
    ) -> bool:
        """Off and on, unless it is deaf."""
        guest = self._guests.find(spec.uuid)
        if guest is None:
            return False
        if guest.state == power_state.RUNNING:
            if not self._ask_to_stop(guest, timeout_s, checkpoint):
                return False
            self.power_off(spec.uuid)
        self.power_on(spec)
        return True

    def hard_reboot(self, spec: driver.GuestSpec) -> None:
        """Off and on. Raises: GuestNotFound."""
        self.power_off(spec.uuid)
        self._guests.save(replace(self._guests.get(spec.uuid), saved=False))
        self.power_on(spec)

    def rescue(
        self,
        spec: driver.GuestSpec,
        image: driver.ImageSpec,
        progress: driver.ProgressCallback,
    ) -> None:
        """Say that it runs from the image. Raises: GuestNotFound."""
        self._restart(spec.uuid, image.id, self._drive_of(spec))
        progress(100, "launch")

    def unrescue(self, spec: driver.GuestSpec) -> None:
        """Say that it runs from its own disk. Raises: GuestNotFound."""
        self._restart(spec.uuid, "", {})

    def _restart(
        self, uuid: str, rescued: str, rescue_drive: dict[str, str]
    ) -> None:
        self.power_off(uuid)
        guest = self._guests.get(uuid)
        self._guests.save(
            replace(
                guest,
                state=power_state.RUNNING,
                starts=guest.starts + 1,
                saved=False,
                rescued=rescued,
                rescue_drive=rescue_drive,
            )
        )
        self._events.put(uuid, driver.LifecycleEvent.STARTED)

    def pause(self, uuid: str) -> None:
        """Say that it is paused. Raises: GuestNotFound."""
        self._guests.save(
            replace(self._guests.get(uuid), state=power_state.PAUSED)
        )
        self._events.put(uuid, driver.LifecycleEvent.PAUSED)

    def unpause(self, uuid: str) -> None:
        """Say that it runs. Raises: GuestNotFound."""
        self._guests.save(
            replace(self._guests.get(uuid), state=power_state.RUNNING)
        )
        self._events.put(uuid, driver.LifecycleEvent.RESUMED)

    def suspend(self, uuid: str) -> None:
        """Say that it is off and saved. Raises: GuestNotFound."""
        guest = replace(
            self._guests.get(uuid), state=power_state.SHUTDOWN, saved=True
        )
        self._guests.save(guest)
        self._events.put(uuid, driver.LifecycleEvent.STOPPED)

    def resume(self, uuid: str) -> None:
        """Say that it runs. Raises: GuestNotFound, VirtError."""
        guest = self._guests.get(uuid)
        if guest.state == power_state.RUNNING:
            return
        if not guest.saved:
            raise exception.VirtError(reason=f"guest {uuid} was not suspended")
        self._guests.save(
            replace(guest, state=power_state.RUNNING, saved=False)
        )
        self._events.put(uuid, driver.LifecycleEvent.STARTED)

    def trigger_crash_dump(self, uuid: str) -> None:
        """Count it, for the console. Raises: GuestNotFound."""
        guest = self._guests.get(uuid)
        self._guests.save(replace(guest, nmis=guest.nmis + 1))

    def set_admin_password(
        self, spec: driver.GuestSpec, user: str | None, password: str
    ) -> None:
        """Pretend. Raises: GuestNotFound, PasswordNotSupported."""
        guest = self._guests.get(spec.uuid)
        if self._no_agent and self._no_agent.search(guest.display_name):
            raise exception.PasswordNotSupported(
                instance_uuid=spec.uuid, reason="[fake] no_agent says so"
            )

    def snapshot(
        self,
        spec: driver.GuestSpec,
        name: str,
        progress: driver.ProgressCallback,
    ) -> driver.DiskFile:
        """A small file that names the guest. Raises: GuestNotFound."""
        self._guests.get(spec.uuid)
        fail = self._fail_snapshot
        fails = bool(fail and fail.search(spec.display_name))
        return self._snapshots.take(spec, name, fails, progress)

    def remove_snapshot(self, uuid: str, name: str) -> None:
        """Remove the file; gone is no error."""
        self._snapshots.remove(uuid, name)

    def keep_disks(self, uuid: str, name: str) -> None:
        """Remember the sizes. Raises: GuestNotFound."""
        guest = self._guests.get(uuid)
        if guest.kept is None or guest.kept["name"] != name:
            sizes = {size: getattr(guest, size) for size in _SIZES}
            self._guests.save(replace(guest, kept={"name": name, **sizes}))

    def has_kept_disks(self, uuid: str, name: str) -> bool:
        """Whether sizes are remembered."""
        guest = self._guests.find(uuid)
        return bool(guest and guest.kept and guest.kept["name"] == name)

    def resize_disks(
        self,
        spec: driver.GuestSpec,
        name: str,
        progress: driver.ProgressCallback,
    ) -> None:
        """Take the sizes of the spec. Raises: GuestNotFound."""
        progress(50, "disk copy")
        self._guests.save(
            replace(
                self._guests.get(spec.uuid),
                vcpus=spec.vcpus,
                memory_mb=spec.memory_mb,
                disk_gb=spec.root_gb + spec.ephemeral_gb,
            )
        )

    def restore_disks(self, uuid: str, name: str) -> None:
        """Take the sizes from before."""
        guest = self._guests.get(uuid)
        if guest.kept is not None and guest.kept["name"] == name:
            sizes = {size: guest.kept[size] for size in _SIZES}
            self._guests.save(replace(guest, kept=None, **sizes))

    def drop_kept_disks(self, uuid: str) -> None:
        """Forget the sizes from before."""
        guest = self._guests.find(uuid)
        if guest is not None and guest.kept is not None:
            self._guests.save(replace(guest, kept=None))

    def get_console_output(self, uuid: str, max_bytes: int) -> bytes:
        """A few lines that name the guest. Raises: ConsoleNotAvailable."""
        guest = self._guests.find(uuid)
        if guest is None:
            raise exception.ConsoleNotAvailable()
        text = fake_answers.console(guest, self._host)
        data = text.encode()
        return data[-max_bytes:] if max_bytes > 0 else b""

    def get_vnc_console(self, uuid: str) -> driver.ConsoleAddress:
        """The port of the option; nobody need listen there.

        Raises: GuestNotFound.
        """
        if not driver.is_running(self._guests.get(uuid).state):
            raise exception.GuestNotFound(uuid=uuid)
        return self._console

    # One port serves for both.
    get_serial_console = get_vnc_console

    def get_diagnostics(self, uuid: str) -> dict[str, Any]:
        """Made-up numbers. Raises: GuestNotFound."""
        return fake_answers.free_form(self._guests.get(uuid))

    def get_instance_diagnostics(self, uuid: str) -> diagnostics.Diagnostics:
        """Made-up numbers. Raises: GuestNotFound."""
        return fake_answers.standard(self._guests.get(uuid))

    def get_host_uptime(self) -> str:
        """A made-up line in the form of the uptime command."""
        users = len(self._guests.all())
        return (
            f" 00:00:00 up 1 day,  0:00,  {users} users,  "
            "load average: 0.00, 0.00, 0.00"
        )

    def cache_image(
        self, image: driver.ImageSpec, progress: driver.ProgressCallback
    ) -> bool:
        """Remember the image by an empty file, which stays."""
        cache = self._root / "_base" / self._guests.directory.name
        cache.mkdir(parents=True, exist_ok=True)
        try:
            (cache / image.id).touch(exist_ok=False)
        except FileExistsError:
            return False
        progress(100, "image download")
        return True

    def set_host_enabled(self, enabled: bool) -> str:
        """Say what is asked for, as upstream's fake does."""
        return "enabled" if enabled else "disabled"

    def host_maintenance_mode(self, mode: bool) -> str:
        """Say what is asked for."""
        return "on_maintenance" if mode else "off_maintenance"

    def host_power_action(self, action: str) -> str:
        """Say what is asked for."""
        return action

    def _ask_to_stop(
        self, guest: Guest, timeout_s: int, checkpoint: driver.Checkpoint
    ) -> bool:
        """Whether it obeys its power button."""
        if not (self._deaf and self._deaf.search(guest.display_name)):
            return True
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            checkpoint()
            time.sleep(_LOOK_S)
        return False


def _nics(spec: driver.GuestSpec) -> dict[str, str]:
    return {vif.id: vif.address for vif in spec.vifs}


def _places(nics: Iterable[str]) -> dict[str, Place]:
    return {
        port_id: Place("pci", f"0000:00:{number:02x}.0")
        for number, port_id in enumerate(nics, _FIRST_SLOT)
    }


def _pattern(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise exception.ConfigurationError(
            reason=f"[fake] has a bad regular expression {text!r}: {error}"
        ) from error
