# SPDX-License-Identifier: Apache-2.0
"""The libvirt driver: what nova-lite-compute calls, each part delegated.

guest.py speaks to libvirt, storage/ makes disks, xml/ describes guests,
host.py holds the connection. Options are read here, once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from oslo_concurrency import processutils
from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception, version
from nova_lite.compute import power_state
from nova_lite.network.model import VIF, Place, placed
from nova_lite.virt import configdrive, diagnostics, dispatch, driver
from nova_lite.virt.libvirt import (
    agent,
    consoles,
    hotplug,
    power,
    snapshot,
    stats,
)
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt import host as hosts
from nova_lite.virt.libvirt import vif as plugging
from nova_lite.virt.libvirt.storage import disks as storage
from nova_lite.virt.libvirt.storage import imagecache, qemu_img, resize
from nova_lite.virt.libvirt.xml import cpu, disk, interface
from nova_lite.virt.libvirt.xml import guest as guest_xml
from nova_lite.virt.libvirt.xml import rescue as rescue_xml

CONF = cfg.CONF
LOG = logging.getLogger(__name__)


class LibvirtDriver(driver.ComputeDriver):
    """QEMU and KVM guests on this host."""

    capabilities = {"wires_vifs": True}

    def __init__(self, virtapi: driver.VirtAPI) -> None:
        super().__init__(virtapi)
        options = CONF.libvirt
        self._virt_type: str = options.virt_type
        self._machine: str = options.hw_machine_type
        self._cache_mode: str = options.disk_cachemode
        self._launch_timeout_s: int = options.launch_timeout_s
        self._pcie_ports: int = options.num_pcie_ports
        self._patience = hotplug.Patience(
            options.device_detach_attempts, options.device_detach_timeout
        )
        self._interfaces = plugging.Interfaces(options.virt_type)
        self._cpu = _cpu_model(options)
        self._events = dispatch.EventDispatcher()
        self._return_listeners: list[Callable[[], None]] = []
        self._host = hosts.Host(
            options.connection_uri, self._events.put, self._returned
        )
        self._store = storage.GuestStore(
            CONF.instances_path,
            options.images_type,
            imagecache.ImageCache(CONF.instances_path, virtapi),
        )
        self._kept = resize.KeptDisks(self._store)
        self._drives = configdrive.ConfigDrives()
        self._snapshots = snapshot.Snapshots(
            self._host, CONF.instances_path, options.snapshot_image_format
        )
        self._consoles = consoles.Consoles(
            self._host, CONF.vnc, CONF.serial_console
        )
        self._arch = ""

    def init_host(self, host: str) -> None:
        """Connect, and see that guests of the kind asked for can run.

        Raises: HypervisorUnavailable, ConfigurationError.
        """
        self._store.prepare()
        self._events.start()
        self._host.start()
        self._snapshots.clear()
        found = self._host.capabilities()
        self._arch = found.arch
        if not found.can_run(self._virt_type):
            raise exception.ConfigurationError(
                reason=f"libvirt cannot run {self._virt_type} guests on this "
                f"host; set [libvirt] virt_type = qemu, or see that /dev/kvm "
                f"is there and that QEMU's user may open it"
            )

    def cleanup_host(self) -> None:
        """Let go of libvirt; guests go on."""
        self._host.stop()
        self._events.stop()

    def register_event_listener(self, listener: driver.EventListener) -> None:
        """Call ``listener`` for each lifecycle event from now on."""
        self._events.add(listener)

    def register_return_listener(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when libvirtd is back after an outage."""
        self._return_listeners.append(listener)

    def _returned(self) -> None:
        for listener in self._return_listeners:
            listener()

    def get_available_resource(self) -> driver.HostResources:
        """What this host has and what is used, as it is now."""
        kind, number, hostname = self._host.identity()
        found = self._host.capabilities()
        disk_usage = self._store.usage()
        used = guests.used(self._host)
        memory_mb = self._host.memory_total_mb()
        return driver.HostResources(
            vcpus=self._host.online_cpus(),
            memory_mb=memory_mb,
            local_gb=disk_usage.total // qemu_img.GIB,
            vcpus_used=used.vcpus,
            memory_mb_used=max(memory_mb - _memory_available_mb(), 0),
            local_gb_used=(disk_usage.total - disk_usage.free) // qemu_img.GIB,
            disk_available_least_gb=(disk_usage.free - disk_usage.promised)
            // qemu_img.GIB,
            hypervisor_type=kind,
            hypervisor_version=number,
            hypervisor_hostname=hostname,
            cpu_info=found.cpu_info,
            supported_instances=found.guests,
            running_guests=used.running,
        )

    def list_guests(self) -> list[driver.GuestInfo]:
        """Every guest that libvirt knows, also foreign ones."""
        return guests.list_all(self._host)

    def list_disk_owners(self) -> list[str]:
        """uuids that have a directory in instances_path."""
        return self._store.owners()

    def get_info(self, uuid: str) -> driver.GuestInfo:
        """Raises: GuestNotFound."""
        return guests.get(self._host, uuid).info()

    def spawn(
        self, spec: driver.GuestSpec, progress: driver.ProgressCallback
    ) -> None:
        """Make disks, define and start the guest; return when it runs.

        Raises: ImageUnacceptable, ImageError, InvalidDiskInfo, DiskFull,
        VirtError.
        """
        left = guests.find(self._host, spec.uuid)
        if left is not None:
            if left.state() == power_state.RUNNING:
                LOG.info("Guest %s runs already", spec.uuid)
                return
            left.stop()
            left.undefine()
        self._check_machine(spec.image)
        made = self._store.create(spec, progress)
        self._plug(spec)
        xml = self._guest_xml(spec, made)
        progress(90, "launch")
        self._start(self._defined(spec, xml), spec)
        progress(100, "launch")
        LOG.info("Guest %s was spawned", spec.uuid)

    def destroy(
        self,
        uuid: str,
        destroy_disks: bool = True,
        vifs: Sequence[VIF] = (),
    ) -> None:
        """Stop and undefine the guest, unplug it, remove its directory."""
        guest = guests.find(self._host, uuid)
        if guest is not None:
            guest.stop()
            guest.undefine()
        self._interfaces.unplug(uuid, vifs)
        self._consoles.forget(uuid)
        if destroy_disks:
            self._snapshots.remove(uuid)
            self._store.remove(uuid)
        LOG.info("Guest %s is gone from this host", uuid)

    def attach_interface(self, spec: driver.GuestSpec, vif: VIF) -> None:
        """One more card, now and for later starts.

        Raises: GuestNotFound, ImageUnacceptable,
        VirtualInterfacePlugException, VirtError.
        """
        guest = guests.get(self._host, spec.uuid)
        self._interfaces.plug(spec, [vif])
        if not plugging.starts_paused([vif]):
            self.virtapi.wait_for_plugs(spec.uuid)
        self._interfaces.wait_for_devices([vif])
        card = self._interfaces.card(spec, vif)
        hotplug.attach(guest, vif.id, ET.tostring(card, encoding="unicode"))
        LOG.info("Guest %s has interface %s", spec.uuid, vif.id)

    def detach_interface(
        self,
        spec: driver.GuestSpec,
        vif: VIF,
        checkpoint: driver.Checkpoint = driver.go_on,
    ) -> None:
        """A card less, now and for later starts.

        Raises: DeviceDetachFailed, VirtError.
        """
        guest = guests.find(self._host, spec.uuid)
        if guest is not None:
            hotplug.detach(
                self._host, guest, vif.id, self._patience, checkpoint
            )
        self._interfaces.unplug(spec.uuid, [vif])
        LOG.info("Guest %s is without interface %s", spec.uuid, vif.id)

    def card_places(self, uuid: str) -> Mapping[str, Place]:
        """As libvirt has chosen them, now if it runs."""
        guest = guests.find(self._host, uuid)
        return interface.places(guest.xml()) if guest else {}

    def power_on(self, spec: driver.GuestSpec) -> None:
        """Start a guest that is shut off, described anew.

        Raises: GuestNotFound, VirtError.
        """
        guest = guests.find(self._host, spec.uuid)
        if guest is None or guest.state() != power_state.RUNNING:
            self._start(self._define(spec), spec)

    def power_off(
        self,
        uuid: str,
        timeout_s: int = 0,
        checkpoint: driver.Checkpoint = driver.go_on,
    ) -> None:
        """Ask by ACPI for ``timeout_s`` seconds (0: not at all), then cut.

        Raises: GuestNotFound.
        """
        guest = guests.get(self._host, uuid)
        if guest.state() == power_state.RUNNING and timeout_s > 0:
            power.ask_to_stop(self._host, guest, timeout_s, checkpoint)
        guest.stop()

    def soft_reboot(
        self,
        spec: driver.GuestSpec,
        timeout_s: int,
        checkpoint: driver.Checkpoint = driver.go_on,
    ) -> bool:
        """Off by the guest itself, and on; False when it did not obey."""
        return power.soft_reboot(
            self._host,
            spec.uuid,
            timeout_s,
            self._launch_timeout_s,
            checkpoint,
        )

    def hard_reboot(self, spec: driver.GuestSpec) -> None:
        """Cut its power, describe it anew and start it.

        Raises: GuestNotFound when it has no disks, VirtError.
        """
        self._stop(spec.uuid)
        self._start(self._define(spec), spec)
        LOG.info("Guest %s was rebooted by force", spec.uuid)

    def rescue(
        self,
        spec: driver.GuestSpec,
        image: driver.ImageSpec,
        progress: driver.ProgressCallback,
    ) -> None:
        """Start the guest from an image, with its own disks beside it.

        Raises: GuestNotFound, InstanceNotRescuable, ImageUnacceptable,
        ImageError, DiskFull, VirtError.
        """
        if stable := rescue_xml.is_stable(image):
            _check_rescuable(spec.uuid, image)
        own = self._store.existing(spec.uuid)
        self._stop(spec.uuid)
        made = self._store.create_rescue(spec.uuid, image, progress)
        self._plug(spec)
        if stable:
            device, bus = rescue_xml.device_and_bus(image)
            xml = rescue_xml.add_disk(
                self._guest_xml(spec, own, configdrive.RESCUE_NAME),
                rescue_xml.RescueDisk(
                    path=made.path,
                    format=made.format,
                    index=len(own),
                    device=device,
                    bus=bus,
                    cache=self._cache_mode,
                ),
            )
        else:
            xml = self._guest_xml(
                dataclasses.replace(spec, image=image),
                [made, own[0]],
                configdrive.RESCUE_NAME,
            )
        defined = self._defined(spec, xml, configdrive.RESCUE_NAME)
        self._start(defined, spec)
        LOG.info("Guest %s runs from image %s", spec.uuid, image.id)

    def unrescue(self, spec: driver.GuestSpec) -> None:
        """Start it from its own disks again. Raises: GuestNotFound."""
        self._stop(spec.uuid)
        self._start(self._define(spec), spec)
        self._store.remove_rescue(spec.uuid)

    def _stop(self, uuid: str) -> None:
        """Cut the guest's power, and have it start from nothing."""
        guest = guests.find(self._host, uuid)
        if guest is not None:
            guest.stop()
            guest.forget_saved()

    def pause(self, uuid: str) -> None:
        """Stop the guest's processors. Raises: GuestNotFound."""
        guests.get(self._host, uuid).pause()

    def unpause(self, uuid: str) -> None:
        """Let them go on. Raises: GuestNotFound."""
        guests.get(self._host, uuid).unpause()

    def suspend(self, uuid: str) -> None:
        """Save the guest's memory and stop it. Raises: GuestNotFound."""
        guests.get(self._host, uuid).save()

    def resume(self, uuid: str) -> None:
        """Let a suspended guest go on. Raises: GuestNotFound, VirtError."""
        # libvirt starts a guest whose memory it has saved with that.
        guests.get(self._host, uuid).start(self._launch_timeout_s)

    def trigger_crash_dump(self, uuid: str) -> None:
        """Give the guest an NMI. Raises: GuestNotFound, VirtError."""
        guests.get(self._host, uuid).inject_nmi()

    def set_admin_password(
        self, spec: driver.GuestSpec, user: str | None, password: str
    ) -> None:
        """By the QEMU guest agent.

        Raises: PasswordNotSupported, NotSupported, VirtError.
        """
        agent.set_password(self._host, spec, user, password)

    def snapshot(
        self,
        spec: driver.GuestSpec,
        name: str,
        progress: driver.ProgressCallback,
    ) -> driver.DiskFile:
        """The root disk as one file; a guest that runs goes on.

        Raises: GuestNotFound, QuiesceNotSupported, DiskFull, VirtError.
        """
        root = self._store.existing(spec.uuid)[0]
        disk = driver.DiskFile(root.path, root.format)
        return self._snapshots.take(spec, disk, name, progress)

    def remove_snapshot(self, uuid: str, name: str) -> None:
        """Remove the file of a snapshot; gone is no error."""
        self._snapshots.remove(uuid, name)

    def keep_disks(self, uuid: str, name: str) -> None:
        """Rename the guest's directory. Raises: GuestNotFound."""
        self._kept.keep(uuid, name)

    def has_kept_disks(self, uuid: str, name: str) -> bool:
        """Whether there is a kept directory with this name in it."""
        return self._kept.has(uuid, name)

    def resize_disks(
        self,
        spec: driver.GuestSpec,
        name: str,
        progress: driver.ProgressCallback,
    ) -> None:
        """Copy the kept disks and let them grow.

        Raises: GuestNotFound, InvalidDiskInfo, DiskFull.
        """
        self._kept.make(spec, name, progress)

    def restore_disks(self, uuid: str, name: str) -> None:
        """Rename the kept directory back."""
        self._kept.restore(uuid, name)

    def drop_kept_disks(self, uuid: str) -> None:
        """Remove the kept directory."""
        self._kept.drop(uuid)

    def get_console_output(self, uuid: str, max_bytes: int) -> bytes:
        """The end of the console log. Raises: ConsoleNotAvailable."""
        return self._store.read_console(uuid, max_bytes)

    def get_vnc_console(self, uuid: str) -> driver.ConsoleAddress:
        """Where the guest's screen is.

        Raises: GuestNotFound, ConsoleTypeUnavailable.
        """
        return self._consoles.vnc(uuid)

    def get_serial_console(self, uuid: str) -> driver.ConsoleAddress:
        """Where its serial port is. Raises: as get_vnc_console."""
        return self._consoles.serial(uuid)

    def get_diagnostics(self, uuid: str) -> dict[str, Any]:
        """libvirt's numbers of a guest. Raises: GuestNotFound."""
        return stats.free_form(guests.get(self._host, uuid).statistics())

    def get_instance_diagnostics(self, uuid: str) -> diagnostics.Diagnostics:
        """The same in the form of all drivers. Raises: GuestNotFound."""
        guest = guests.get(self._host, uuid)
        return stats.standard(
            guest.statistics(),
            guest.mac_addresses(),
            self._virt_type,
            guest.state(),
        )

    def get_host_uptime(self) -> str:
        """As the uptime command prints it."""
        output, _ = processutils.execute("env", "LC_ALL=C", "uptime")
        return str(output)

    def cache_image(
        self, image: driver.ImageSpec, progress: driver.ProgressCallback
    ) -> bool:
        """Fetch an image for later; False when it was here already.

        Raises: ImageUnacceptable, ImageError, DiskFull.
        """
        return self._store.cache_image(image, progress)

    def manage_image_cache(self, min_age_s: float) -> None:
        """Remove images that no guest has needed for so long."""
        try:
            self._store.clean_cache(min_age_s)
        except OSError as error:
            LOG.warning(
                "No image leaves the cache while a disk of this host cannot "
                "be read: %s",
                error,
            )

    def _check_machine(self, image: driver.ImageSpec) -> None:
        machine = image.properties.get("hw_machine_type")
        if machine and machine not in self._host.capabilities().machines:
            # libvirt's own message would be about PCI buses.
            raise exception.ImageUnacceptable(
                image_id=image.id,
                reason=f"its hw_machine_type is {machine!r}, which QEMU on "
                f"this host does not know",
            )

    def _define(self, spec: driver.GuestSpec) -> guests.Guest:
        """Describe a guest that has its disks. Raises: GuestNotFound."""
        self._check_machine(spec.image)
        disks = self._store.existing(spec.uuid)
        self._plug(spec)
        return self._defined(spec, self._guest_xml(spec, disks))

    def _defined(
        self,
        spec: driver.GuestSpec,
        xml: str,
        drive_name: str = configdrive.NAME,
    ) -> guests.Guest:
        """Make libvirt know a guest, and its config drive if it is missing.

        In this order: the drive tells of addresses that libvirt chooses.
        Raises: ConfigDriveError, VendorDataFailed.
        """
        guest = guests.define(self._host, xml, spec.uuid)
        if spec.config_drive:
            self._drives.ensure(
                self._store.directory(spec.uuid) / drive_name,
                lambda: dataclasses.replace(
                    spec,
                    vifs=placed(spec.vifs, interface.places(guest.xml())),
                    security_groups=self._groups(spec),
                ),
            )
        return guest

    def _groups(self, spec: driver.GuestSpec) -> Sequence[str] | None:
        return self.virtapi.security_groups(spec.uuid) if spec.vifs else None

    def _plug(self, spec: driver.GuestSpec) -> None:
        """Have what its interfaces need on this host.

        Raises: VirtualInterfacePlugException, and what the wait for the
        network raises.
        """
        self._interfaces.plug(spec, spec.vifs)
        if spec.vifs and not plugging.starts_paused(spec.vifs):
            self.virtapi.wait_for_plugs(spec.uuid)
        self._interfaces.wait_for_devices(spec.vifs)

    def _start(self, guest: guests.Guest, spec: driver.GuestSpec) -> None:
        """Start it; where only that makes its devices, wait for the network
        before it runs.
        """
        paused = plugging.starts_paused(spec.vifs)
        guest.start(self._launch_timeout_s, paused=paused)
        if not paused:
            return
        try:
            self.virtapi.wait_for_plugs(spec.uuid)
        except Exception:  # whatever ends the wait: it must not stay paused
            guest.stop()
            raise
        guest.unpause()

    def _guest_xml(
        self,
        spec: driver.GuestSpec,
        made: list[storage.GuestDisk],
        drive_name: str = configdrive.NAME,
    ) -> str:
        """Describe the guest, with the place of its config drive."""
        bus = guest_xml.disk_bus(spec.image)
        described = [
            disk.Disk(
                path=one.path,
                format=one.format,
                index=index,
                bus=bus,
                cache=self._cache_mode,
                serial=one.serial,
            )
            for index, one in enumerate(made)
        ]
        settings = guest_xml.HostSettings(
            virt_type=self._virt_type,
            arch=self._arch,
            machine=self._machine,
            cpu=self._cpu,
            version=version.string(),
            screen=self._consoles.screen,
            pcie_ports=self._pcie_ports,
        )
        console_log = self._store.console_log(spec.uuid)
        drive = ""
        if spec.config_drive:
            drive = str(self._store.directory(spec.uuid) / drive_name)
        return guest_xml.build(
            spec,
            described,
            console_log,
            settings,
            drive,
            self._consoles.choose_serial(spec.uuid),
            self._interfaces.cards(spec),
        )


def _check_rescuable(uuid: str, image: driver.ImageSpec) -> None:
    """Raises: InstanceNotRescuable for a device that cannot be made."""
    device, bus = rescue_xml.device_and_bus(image)
    for name, value, known in (
        ("hw_rescue_device", device, rescue_xml.DEVICES),
        ("hw_rescue_bus", bus, sorted(rescue_xml.PREFIXES)),
    ):
        if value not in known:
            raise exception.InstanceNotRescuable(
                instance_id=uuid,
                reason=f"property {name} of image {image.id} is {value!r}; "
                f"it must be one of {', '.join(known)}",
            )


def _cpu_model(options: cfg.ConfigOpts.GroupAttr) -> cpu.CpuModel:
    default = "host-model" if options.virt_type == "kvm" else "none"
    mode = options.cpu_mode or default
    if mode == "custom" and not options.cpu_model:
        raise exception.ConfigurationError(
            reason="[libvirt] cpu_mode is custom, so cpu_model must be set"
        )
    return cpu.CpuModel(
        mode=mode,
        model=options.cpu_model,
        flags=cpu.parse_flags(options.cpu_model_extra_flags),
    )


def _memory_available_mb() -> int:
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    return 0
