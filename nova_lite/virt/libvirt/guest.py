# SPDX-License-Identifier: Apache-2.0
"""One guest as libvirt has it: the only user of virDomain.

A Guest is looked up for each operation and not kept: after libvirtd has
started anew the old object is of no use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import libvirt
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import power_state
from nova_lite.virt import driver
from nova_lite.virt.libvirt import host as host_module
from nova_lite.virt.libvirt.xml import interface, metadata, mirror

LOG = logging.getLogger(__name__)

_STATES = {
    libvirt.VIR_DOMAIN_NOSTATE: power_state.NOSTATE,
    libvirt.VIR_DOMAIN_RUNNING: power_state.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: power_state.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: power_state.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: power_state.SHUTDOWN,
    libvirt.VIR_DOMAIN_SHUTOFF: power_state.SHUTDOWN,
    libvirt.VIR_DOMAIN_CRASHED: power_state.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: power_state.SUSPENDED,
}

_GONE = (libvirt.VIR_ERR_NO_DOMAIN,)
# Already in the state that was asked for, or not there at all.
_DONE = (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_DOMAIN)
# Gone since it was looked up, or asked for before and not yet let go.
_DETACHING = (
    libvirt.VIR_ERR_DEVICE_MISSING,
    libvirt.VIR_ERR_OPERATION_FAILED,
)

_UNDEFINE_ALL = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)

_STATISTICS = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_BLOCK
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
)

_DESTROY_ATTEMPTS = 3

# A save that an earlier daemon began goes on; libvirt waits 30 s for it.
_BUSY = (
    libvirt.VIR_ERR_OPERATION_TIMEOUT,
    libvirt.VIR_ERR_OPERATION_INVALID,
)
_SAVE_ATTEMPTS = 20
_AGENT_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Used:
    """What the guests of a host have been given."""

    vcpus: int
    running: int


class Guest:
    """A domain on a host."""

    def __init__(self, host: host_module.Host, domain: Any, uuid: str) -> None:
        self._host = host
        self._domain = domain
        self.uuid = uuid

    def state(self) -> int:
        """Its power_state. Raises: GuestNotFound."""
        found = self._host.call(self._domain.state)
        assert found is not None
        return _STATES.get(found[0], power_state.NOSTATE)

    def info(self) -> driver.GuestInfo:
        """Raises: GuestNotFound."""
        info = self._host.call(_info, self._domain)
        if info is None:
            raise exception.GuestNotFound(uuid=self.uuid)
        return info

    def statistics(self) -> dict[str, Any]:
        """libvirt's numbers of CPUs, memory, disks and network cards.

        Raises: GuestNotFound.
        """
        found = self._host.call(
            self._host.connection().domainListGetStats,
            [self._domain],
            _STATISTICS,
        )
        if not found:
            raise exception.GuestNotFound(uuid=self.uuid)
        return dict(found[0][1])

    def mac_addresses(self) -> dict[str, str]:
        """MAC addresses by the names of the devices on the host.

        Raises: GuestNotFound.
        """
        return interface.mac_addresses(self.xml())

    def xml(self, *, inactive: bool = False) -> str:
        """As libvirt has it now, ports and all. Raises: GuestNotFound.

        ``inactive``: as it will be when it is started the next time.
        """
        flags = libvirt.VIR_DOMAIN_XML_INACTIVE if inactive else 0
        return str(self._host.call(self._domain.XMLDesc, flags))

    def attach_device(self, xml: str, *, live: bool) -> None:
        """Give it a device: now, or for its next start. Raises: VirtError."""
        flags = _affected(live)
        self._host.call(self._domain.attachDeviceFlags, xml, flags)

    def detach_device(self, xml: str, *, live: bool) -> None:
        """Ask for a device, or take it from its next start.

        It still has it when this returns, unless it was quick. One that is
        asked for already, or gone, is no error. Raises: VirtError.
        """
        self._host.call(
            self._domain.detachDeviceFlags,
            xml,
            _affected(live),
            ignore=_DETACHING,
        )

    def start(self, timeout_s: int, *, paused: bool = False) -> None:
        """Start it and wait until libvirt tells that it did.

        One that runs already is left alone. Raises: VirtError.
        """
        started = driver.LifecycleEvent.STARTED
        flags = libvirt.VIR_DOMAIN_START_PAUSED if paused else 0
        goal = power_state.PAUSED if paused else power_state.RUNNING
        with self._host.waiters.expect(self.uuid, started) as seen:
            try:
                self._host.call(self._domain.createWithFlags, flags)
            except exception.VirtError:
                if self.state() == goal:
                    return
                raise
            if seen.wait(timeout_s) or self.state() == goal:
                return
        raise exception.VirtError(
            reason=f"guest {self.uuid} did not start within {timeout_s} s"
        )

    def press_power_button(self) -> None:
        """Ask the guest to shut down, by ACPI."""
        self._host.call(
            self._domain.shutdownFlags,
            libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN,
            ignore=_DONE,
        )

    def stop(self) -> None:
        """Cut its power; one that is off is no error."""
        for attempt in range(1, _DESTROY_ATTEMPTS + 1):
            try:
                self._host.call(self._domain.destroy, ignore=_DONE)
                return
            except exception.HypervisorUnavailable:
                raise
            except exception.VirtError:
                # A QEMU stuck in the kernel's disk code takes longer to die
                # than libvirt waits.
                if attempt == _DESTROY_ATTEMPTS:
                    raise

    def pause(self) -> None:
        """Stop its processors; paused already is no error."""
        if self.state() != power_state.PAUSED:
            self._host.call(self._domain.suspend)

    def unpause(self) -> None:
        """Let its processors go on; running already is no error."""
        if self.state() != power_state.RUNNING:
            self._host.call(self._domain.resume)

    def save(self) -> None:
        """Save its memory on disk and stop it; done already is no error.

        Raises: VirtError.
        """
        for _ in range(_SAVE_ATTEMPTS):
            if self.state() == power_state.SHUTDOWN and self._is_saved():
                return
            if (
                self._host.call(
                    self._domain.managedSave,
                    libvirt.VIR_DOMAIN_SAVE_RUNNING,
                    ignore=_BUSY,
                )
                is not None
            ):
                return
        raise exception.VirtError(reason=f"guest {self.uuid} was not saved")

    def forget_saved(self) -> None:
        """Drop its saved memory; none there is no error."""
        if self._is_saved():
            self._host.call(self._domain.managedSaveRemove, 0)

    def _is_saved(self) -> bool:
        return bool(self._host.call(self._domain.hasManagedSaveImage, 0))

    def inject_nmi(self) -> None:
        """Interrupt its kernel in a way that cannot be masked."""
        self._host.call(self._domain.injectNMI, 0)

    def set_password(self, user: str, password: str) -> bool:
        """Ask its agent; False when that does not answer.

        Raises: VirtError.
        """
        self._host.call(
            self._domain.agentSetResponseTimeout, _AGENT_TIMEOUT_S, 0
        )
        done = self._host.call(
            self._domain.setUserPassword,
            user,
            password,
            0,
            ignore=(libvirt.VIR_ERR_AGENT_UNRESPONSIVE,),
        )
        return done is not None

    def begin_copy(self, path: str, into: str, *, shallow: bool) -> None:
        """Have QEMU copy a disk that is in use, and then what is written.

        ``shallow``: both lie on the same backing file. Raises: VirtError.
        """
        flags = (
            libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT
            # The guest has a definition, which stays as it is.
            | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB
        )
        if shallow:
            flags |= libvirt.VIR_DOMAIN_BLOCK_COPY_SHALLOW
        self._host.call(
            self._domain.blockCopy, path, mirror.build(into), {}, flags
        )

    def copy_state(self, path: str) -> tuple[int, int] | None:
        """Done and in all, equal when alike; None when nothing copies it."""
        found = self._host.call(
            self._domain.blockJobInfo, path, 0, ignore=_DONE
        )
        return (found["cur"], found["end"]) if found else None

    def end_copy(self, path: str) -> None:
        """End a copy; what it holds then is the disk at this moment."""
        self._host.call(self._domain.blockJobAbort, path, 0)

    def end_copies(self) -> None:
        """End the copies of all disks; none is no error."""
        if not driver.is_running(self.state()):
            return
        xml = self._host.call(self._domain.XMLDesc, 0)
        for path in mirror.copied(str(xml)):
            self._host.call(self._domain.blockJobAbort, path, 0, ignore=_DONE)

    def freeze(self) -> None:
        """Ask its agent to hold its file systems still. Raises: VirtError."""
        self._host.call(
            self._domain.agentSetResponseTimeout, _AGENT_TIMEOUT_S, 0
        )
        self._host.call(self._domain.fsFreeze)

    def thaw(self) -> None:
        """Let its file systems go on, if its agent can hear."""
        try:
            self._host.call(self._domain.fsThaw)
        except exception.HypervisorUnavailable:
            raise
        except exception.VirtError as error:
            LOG.debug("Guest %s did not thaw: %s", self.uuid, error)

    def undefine(self) -> None:
        """Forget it, with what libvirt keeps for it; gone is no error."""
        self._host.call(
            self._domain.undefineFlags, _UNDEFINE_ALL, ignore=_DONE
        )


def find(host: host_module.Host, uuid: str) -> Guest | None:
    """The guest with this uuid, if there is one."""
    domain = host.call(
        host.connection().lookupByUUIDString, uuid, ignore=_GONE
    )
    return None if domain is None else Guest(host, domain, uuid)


def get(host: host_module.Host, uuid: str) -> Guest:
    """Raises: GuestNotFound."""
    found = find(host, uuid)
    if found is None:
        raise exception.GuestNotFound(uuid=uuid)
    return found


def define(host: host_module.Host, xml: str, uuid: str) -> Guest:
    """Make libvirt know the guest. Raises: VirtError."""
    return Guest(host, host.call(host.connection().defineXML, xml), uuid)


def list_all(host: host_module.Host) -> list[driver.GuestInfo]:
    """Every guest on the host, running or not."""
    return host.call(_each, host.connection(), _info) or []


def descriptions(host: host_module.Host) -> list[tuple[str, str]]:
    """(uuid, XML) of every guest on the host, running or not."""
    return host.call(_each, host.connection(), _description) or []


def used(host: host_module.Host) -> Used:
    """What all guests have together."""
    counts = host.call(_each, host.connection(), _vcpus) or []
    return Used(
        vcpus=sum(vcpus for vcpus, _ in counts),
        running=sum(runs for _, runs in counts),
    )


def _affected(live: bool) -> int:
    return int(
        libvirt.VIR_DOMAIN_AFFECT_LIVE
        if live
        else libvirt.VIR_DOMAIN_AFFECT_CONFIG
    )


def _each(connection: Any, read: Callable[[Any], Any]) -> list[Any]:
    found = []
    for domain in connection.listAllDomains(0):
        try:
            found.append(read(domain))
        except libvirt.libvirtError as error:
            # Removed since the list was made.
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise
    return found


def _info(domain: Any) -> driver.GuestInfo:
    return driver.GuestInfo(
        uuid=domain.UUIDString(),
        name=domain.name(),
        state=_STATES.get(domain.state()[0], power_state.NOSTATE),
        owned=_is_owned(domain),
    )


def _description(domain: Any) -> tuple[str, str]:
    return domain.UUIDString(), domain.XMLDesc(0)


def _is_owned(domain: Any) -> bool:
    try:
        domain.metadata(
            libvirt.VIR_DOMAIN_METADATA_ELEMENT, metadata.NAMESPACE, 0
        )
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return False
        raise
    return True


def _vcpus(domain: Any) -> tuple[int, bool]:
    found = domain.info()
    state = _STATES.get(found[0], power_state.NOSTATE)
    return found[3], driver.is_running(state)
