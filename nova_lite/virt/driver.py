# SPDX-License-Identifier: Apache-2.0
"""The interface between nova-lite-compute and a hypervisor.

A driver gets plain values (``GuestSpec``) and knows no RPC, no database and
no manager; what it needs from above it asks from the ``VirtAPI`` given at
construction. Drivers are found by stevedore under ``nova_lite.virt``.

Every method is safe to repeat: after a crash the manager calls it again, and
the driver looks at the hypervisor and the disk, never at its memory.
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.network.model import VIF, Place
from nova_lite.virt.diagnostics import Diagnostics

# Called several times a second while something is waited for; what it raises
# ends the wait.
Checkpoint = Callable[[], None]

# Percent done, 0 to 100, and what is being done ("image download").
ProgressCallback = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What a driver needs to know of an image.

    ``id`` is empty for a guest that boots from a volume; ``properties`` are
    the image's own (``hw_*``, ``os_*``), all strings.
    """

    id: str
    name: str = ""
    disk_format: str = "raw"
    container_format: str = "bare"
    size_bytes: int = 0
    checksum: str | None = None
    min_disk_gb: int = 0
    min_ram_mb: int = 0
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GuestSpec:
    """One server as the hypervisor is to run it.

    ``name`` is the domain's name (``instance-<first 8 of uuid>`` by
    default); ``user_data`` is base64 as the user gave it.
    """

    uuid: str
    name: str
    display_name: str
    hostname: str
    project_id: str
    user_id: str
    vcpus: int
    memory_mb: int
    root_gb: int
    ephemeral_gb: int
    swap_mb: int
    flavor_name: str
    flavor_extra_specs: Mapping[str, str]
    image: ImageSpec
    metadata: Mapping[str, str] = field(default_factory=dict)
    user_data: str | None = None
    key_name: str | None = None
    public_key: str | None = None
    admin_password: str | None = None
    config_drive: bool = False
    # (path in the guest, contents), for the config drive.
    files: Sequence[tuple[str, bytes]] = ()
    # The server's row, and its place among those of one request.
    number: int = 0
    launch_index: int = 0
    reservation_id: str | None = None
    availability_zone: str | None = None
    # Its interfaces, in order.
    vifs: Sequence[VIF] = ()
    # Names of their groups, for the config drive; None: nobody has asked.
    security_groups: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class GuestInfo:
    """A guest as the hypervisor has it. ``state`` is a power_state."""

    uuid: str
    name: str
    state: int
    owned: bool  # carries nova-lite's own metadata: we made it


@dataclass(frozen=True, slots=True)
class HostResources:
    """What a host has, in all and used by guests, as it is now."""

    vcpus: int
    memory_mb: int
    local_gb: int
    vcpus_used: int
    memory_mb_used: int
    local_gb_used: int
    disk_available_least_gb: int
    hypervisor_type: str  # "QEMU", "fake"
    hypervisor_version: int  # 7002000 for 7.2.0
    hypervisor_hostname: str
    cpu_info: Mapping[str, Any]
    # (architecture, hypervisor, vm_mode): ("x86_64", "qemu", "hvm")
    supported_instances: Sequence[tuple[str, str, str]]
    # Names that ComputeCapabilitiesFilter may compare with extra specs.
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    running_guests: int = 0


@dataclass(frozen=True, slots=True)
class ConsoleAddress:
    """Where a guest's screen or serial port is reached by TCP.

    ``internal_access_path``: what has to be asked for on that port first.
    """

    host: str
    port: int
    internal_access_path: str | None = None


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A disk as one file that stands for itself."""

    path: str
    format: str  # raw, qcow2 ...


class LifecycleEvent(enum.Enum):
    """What happened to a guest, from whatever cause."""

    STARTED = "started"
    STOPPED = "stopped"
    PAUSED = "paused"
    RESUMED = "resumed"
    SUSPENDED = "suspended"
    UNDEFINED = "undefined"


# guest uuid, what happened. Called in a (green) thread of its own.
EventListener = Callable[[str, LifecycleEvent], None]


def go_on() -> None:
    """The checkpoint of a wait that nobody ends."""


class VirtAPI(abc.ABC):
    """What a driver may ask from above; the compute manager implements it."""

    @abc.abstractmethod
    def fetch_image(
        self, image: ImageSpec, path: str, progress: ProgressCallback
    ) -> None:
        """Write the image's bytes to ``path`` and verify its checksum.

        Raises: ImageNotFound, ImageDownloadFailed, ImageChecksumMismatch,
        DiskFull. ``path`` may be left behind incomplete.
        """

    @abc.abstractmethod
    def local_image_path(self, image_id: str) -> str | None:
        """Path of the image's file when it lies on this host, else None."""

    @abc.abstractmethod
    def wait_for_plugs(self, uuid: str) -> None:
        """Wait until the network has wired a guest's interfaces.

        For a driver whose capability "wires_vifs" is not False: called by
        spawn and whatever else starts a guest, after it has plugged its own
        side and before the guest runs. Returns at once where nothing is
        expected. Raises: VirtualInterfaceCreateException, and what ends the
        operation that waits.
        """

    @abc.abstractmethod
    def security_groups(self, uuid: str) -> Sequence[str] | None:
        """Names of the groups of a guest's interfaces; None: unknown."""


class ComputeDriver(abc.ABC):
    """A hypervisor. ``capabilities`` says what it can do.

    ``wires_vifs``: its guests' interfaces are real, so the network service
    is waited for; one that lacks the word wires them.
    """

    capabilities: Mapping[str, bool] = {}

    def __init__(self, virtapi: VirtAPI) -> None:
        self.virtapi = virtapi

    @abc.abstractmethod
    def init_host(self, host: str) -> None:
        """Connect and make directories. Raises: HypervisorUnavailable."""

    def cleanup_host(self) -> None:  # noqa: B027 - optional
        """Let go of the hypervisor at the daemon's end."""

    @abc.abstractmethod
    def register_event_listener(self, listener: EventListener) -> None:
        """Call ``listener`` for each lifecycle event from now on."""

    def register_return_listener(  # noqa: B027 - optional
        self, listener: Callable[[], None]
    ) -> None:
        """Call ``listener`` when the hypervisor is back after an outage."""

    @abc.abstractmethod
    def get_available_resource(self) -> HostResources:
        """What this host has; asked every minute."""

    @abc.abstractmethod
    def list_guests(self) -> list[GuestInfo]:
        """Every guest defined on the hypervisor, also foreign ones."""

    @abc.abstractmethod
    def list_disk_owners(self) -> list[str]:
        """uuids of guests that have a directory or disk on this host."""

    @abc.abstractmethod
    def get_info(self, uuid: str) -> GuestInfo:
        """Raises: GuestNotFound."""

    @abc.abstractmethod
    def spawn(self, spec: GuestSpec, progress: ProgressCallback) -> None:
        """Make disks, define and start the guest; return when it runs.

        A guest that runs already is left alone; half of one, from an earlier
        attempt, is made anew. One that fails may leave half a guest: the
        caller destroys it.
        Raises: ImageUnacceptable and InvalidDiskInfo, which another host
        would raise too; ImageError, DiskFull, VirtError.
        """

    @abc.abstractmethod
    def destroy(
        self,
        uuid: str,
        destroy_disks: bool = True,
        vifs: Sequence[VIF] = (),
    ) -> None:
        """Stop and undefine the guest, remove its disks.

        ``vifs`` are its interfaces, to be unplugged. Whatever is gone
        already is no error.
        """

    @abc.abstractmethod
    def attach_interface(self, spec: GuestSpec, vif: VIF) -> None:
        """Give a guest, running or off, one more interface.

        One that it has already is left alone. Raises: GuestNotFound,
        VirtualInterfacePlugException, VirtualInterfaceCreateException,
        VirtError.
        """

    @abc.abstractmethod
    def detach_interface(
        self, spec: GuestSpec, vif: VIF, checkpoint: Checkpoint = go_on
    ) -> None:
        """Take an interface away from a guest, and unplug it.

        A running guest is asked for it, again and again. One that it does
        not have is no error, and neither is a guest that is gone.
        Raises: DeviceDetachFailed when the guest does not let it go,
        VirtError.
        """

    def card_places(self, uuid: str) -> Mapping[str, Place]:
        """Where a guest has its cards, by port id; of one that is gone none.

        They may be elsewhere after its next start.
        """
        return {}

    @abc.abstractmethod
    def power_on(self, spec: GuestSpec) -> None:
        """Start a guest that is shut off, of which only disks may be left.

        Raises: GuestNotFound when there are none.
        """

    @abc.abstractmethod
    def power_off(
        self, uuid: str, timeout_s: int = 0, checkpoint: Checkpoint = go_on
    ) -> None:
        """Ask by ACPI for ``timeout_s`` seconds (0: not at all), then cut.

        Raises: GuestNotFound.
        """

    @abc.abstractmethod
    def soft_reboot(
        self, spec: GuestSpec, timeout_s: int, checkpoint: Checkpoint = go_on
    ) -> bool:
        """Ask the guest by ACPI to shut down, and start it again.

        False when it did not obey within ``timeout_s``, or is not there:
        then a hard reboot is to follow.
        """

    @abc.abstractmethod
    def hard_reboot(self, spec: GuestSpec) -> None:
        """Cut the guest's power, describe it anew and start it.

        From any state, also with nothing left of it but its disks.
        Raises: GuestNotFound when there are none.
        """

    @abc.abstractmethod
    def pause(self, uuid: str) -> None:
        """Stop the guest's processors. Raises: GuestNotFound."""

    @abc.abstractmethod
    def unpause(self, uuid: str) -> None:
        """Let them go on. Raises: GuestNotFound."""

    @abc.abstractmethod
    def rescue(
        self, spec: GuestSpec, image: ImageSpec, progress: ProgressCallback
    ) -> None:
        """Start the guest from an image, with its own disks beside it.

        Properties hw_rescue_device or hw_rescue_bus of the image keep the
        guest's disks in their order and put the image's behind them; without
        these it is the first, and the guest's root disk the second.
        Raises: GuestNotFound when the guest has no disks;
        InstanceNotRescuable; what spawn raises for an image.
        """

    @abc.abstractmethod
    def unrescue(self, spec: GuestSpec) -> None:
        """Start it from its own disks again. Raises: GuestNotFound."""

    @abc.abstractmethod
    def suspend(self, uuid: str) -> None:
        """Save the guest's memory on disk, stop it. Raises: GuestNotFound."""

    @abc.abstractmethod
    def resume(self, uuid: str) -> None:
        """Let a suspended guest go on. Raises: GuestNotFound."""

    @abc.abstractmethod
    def trigger_crash_dump(self, uuid: str) -> None:
        """Make the guest's kernel crash, by an NMI. Raises: GuestNotFound."""

    @abc.abstractmethod
    def set_admin_password(
        self, spec: GuestSpec, user: str | None, password: str
    ) -> None:
        """Change a password inside a running guest, through its agent.

        ``user`` None: whoever its image or system calls the administrator.
        Raises: GuestNotFound, PasswordNotSupported, NotSupported.
        """

    @abc.abstractmethod
    def snapshot(
        self, spec: GuestSpec, name: str, progress: ProgressCallback
    ) -> DiskFile:
        """Write what a guest's root disk holds into a file of its own.

        A guest that runs goes on; its file systems are frozen for a moment
        where its image asks for that. ``name`` is for the file; what an
        earlier attempt has left is made anew.
        Raises: GuestNotFound, QuiesceNotSupported, DiskFull, VirtError, and
        what ``progress`` raises.
        """

    @abc.abstractmethod
    def remove_snapshot(self, uuid: str, name: str) -> None:
        """Remove the file of a snapshot; gone is no error."""

    @abc.abstractmethod
    def keep_disks(self, uuid: str, name: str) -> None:
        """Put the disks of a guest that is off aside, as they are.

        ``name`` is that of the resize for which they are kept: those of an
        earlier one go. Raises: GuestNotFound.
        """

    @abc.abstractmethod
    def has_kept_disks(self, uuid: str, name: str) -> bool:
        """Whether disks are kept for the resize of this name."""

    @abc.abstractmethod
    def resize_disks(
        self, spec: GuestSpec, name: str, progress: ProgressCallback
    ) -> None:
        """Make a guest's disks anew, from those kept, in the spec's sizes.

        Those that were made by an earlier attempt as a whole stay.
        Raises: GuestNotFound, InvalidDiskInfo, DiskFull, and what
        ``progress`` raises.
        """

    @abc.abstractmethod
    def restore_disks(self, uuid: str, name: str) -> None:
        """Let a guest that is off have the kept disks again.

        Nothing kept by that name is no error.
        """

    @abc.abstractmethod
    def drop_kept_disks(self, uuid: str) -> None:
        """Remove what is kept; nothing kept is no error."""

    @abc.abstractmethod
    def get_console_output(self, uuid: str, max_bytes: int) -> bytes:
        """The end of the console log. Raises: ConsoleNotAvailable."""

    def get_vnc_console(self, uuid: str) -> ConsoleAddress:
        """Where the screen of a started guest is.

        Raises: GuestNotFound, also for one that is off;
        ConsoleTypeUnavailable; NotSupported.
        """
        raise exception.NotSupported()

    def get_serial_console(self, uuid: str) -> ConsoleAddress:
        """Where the first serial port of a started guest is.

        Raises: as get_vnc_console.
        """
        raise exception.NotSupported()

    @abc.abstractmethod
    def get_diagnostics(self, uuid: str) -> dict[str, Any]:
        """Names and numbers of this driver's own, of a running guest.

        Raises: GuestNotFound.
        """

    @abc.abstractmethod
    def get_instance_diagnostics(self, uuid: str) -> Diagnostics:
        """The same in the form that all drivers share.

        Raises: GuestNotFound.
        """

    @abc.abstractmethod
    def get_host_uptime(self) -> str:
        """As the uptime command prints it."""

    def cache_image(
        self, image: ImageSpec, progress: ProgressCallback
    ) -> bool:
        """Fetch an image for later; False when it was here already.

        Raises: NotSupported; else what spawn raises for an image.
        """
        raise exception.NotSupported()

    def manage_image_cache(self, min_age_s: float) -> None:  # noqa: B027
        """Remove cached images that nothing has needed for so long."""

    def set_host_enabled(self, enabled: bool) -> str:
        """Take new guests or none: "enabled" or "disabled".

        Raises: NotSupported.
        """
        raise exception.NotSupported()

    def host_maintenance_mode(self, mode: bool) -> str:
        """Begin or end maintenance: "on_maintenance", "off_maintenance".

        Raises: NotSupported.
        """
        raise exception.NotSupported()

    def host_power_action(self, action: str) -> str:
        """Do startup, shutdown or reboot with the host; what was done.

        Raises: NotSupported.
        """
        raise exception.NotSupported()


def is_running(state: int) -> bool:
    """Whether a power_state is one of a started guest."""
    return state in (power_state.RUNNING, power_state.PAUSED)
