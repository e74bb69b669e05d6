# SPDX-License-Identifier: Apache-2.0
"""A guest's root disk as one file: ``<instances_path>/snapshots/<uuid>``.

Called by the driver. A guest that is off is read from its disk. One that is
on goes on: QEMU copies what it has written into a file on the same image,
and that is made one file with the image afterwards.
Source: libvirt's virDomainBlockCopy; qemu's live block operations.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from oslo_log import log as logging
from oslo_utils import strutils

from nova_lite import concurrency, exception
from nova_lite.compute import power_state
from nova_lite.virt import driver
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt import host as hosts
from nova_lite.virt.libvirt.storage import convert, qemu_img
from nova_lite.virt.libvirt.xml import channel

LOG = logging.getLogger(__name__)

DIRECTORY = "snapshots"
_LOOK_S = 0.1
_DELTA = ".delta"


class Snapshots:
    """The files of snapshots of all guests of this host.

    ``form``: the format to make; None for that of the disk.
    """

    def __init__(
        self, host: hosts.Host, instances_path: str, form: str | None
    ) -> None:
        self._host = host
        self._root = Path(instances_path) / DIRECTORY
        self._form = form

    def clear(self) -> None:
        """End what a killed daemon had begun, remove its files."""
        for directory in self._root.glob("*"):
            guest = guests.find(self._host, directory.name)
            if guest is not None and list(directory.glob(f"*{_DELTA}")):
                guest.thaw()
                guest.end_copies()
            self.remove(directory.name)

    def take(
        self,
        spec: driver.GuestSpec,
        disk: driver.DiskFile,
        name: str,
        progress: driver.ProgressCallback,
    ) -> driver.DiskFile:
        """Make the file of a guest's root disk.

        Raises: GuestNotFound, QuiesceNotSupported, DiskFull, VirtError.
        """
        directory = self._root / spec.uuid
        # QEMU's user must enter the directories, nobody need list them.
        self._root.mkdir(mode=0o711, exist_ok=True)
        directory.mkdir(mode=0o711, exist_ok=True)
        made = driver.DiskFile(
            str(directory / name), self._form or disk.format
        )
        guest = guests.find(self._host, spec.uuid)
        if guest is None or not driver.is_running(guest.state()):
            convert.flatten(disk, made, progress)
            return made
        delta = directory / f"{name}{_DELTA}"
        try:
            copied = _copy(guest, spec, disk, delta, progress)
            convert.flatten(copied, made, progress)
        finally:
            delta.unlink(missing_ok=True)
        return made

    def remove(self, uuid: str, name: str | None = None) -> None:
        """Remove one file of a guest, or all; gone is no error."""
        directory = self._root / uuid
        if name is not None:
            (directory / name).unlink(missing_ok=True)
        elif directory.exists():
            concurrency.native(shutil.rmtree, directory, ignore_errors=True)


def _copy(
    guest: guests.Guest,
    spec: driver.GuestSpec,
    disk: driver.DiskFile,
    delta: Path,
    progress: driver.ProgressCallback,
) -> driver.DiskFile:
    """Copy a running guest's disk as it is at one moment."""
    guest.end_copies()
    delta.unlink(missing_ok=True)
    shallow = qemu_img.create_like(disk.path, disk.format, str(delta))
    delta.chmod(0o600)
    guest.begin_copy(disk.path, str(delta), shallow=shallow)
    try:
        _wait_until_alike(guest, disk.path, progress)
        frozen = _freeze(guest, spec)
        try:
            guest.end_copy(disk.path)
        finally:
            if frozen:
                guest.thaw()
    except BaseException:
        guest.end_copies()
        raise
    return driver.DiskFile(str(delta), "qcow2")


def _wait_until_alike(
    guest: guests.Guest, path: str, progress: driver.ProgressCallback
) -> None:
    """Wait until every write of the guest goes into the copy, too."""
    while True:
        state = guest.copy_state(path)
        if state is None:
            raise exception.VirtError(
                reason=f"the copy of {path} broke off; QEMU's log of the "
                "guest says why"
            )
        done, end = state
        if done == end:
            return
        progress(0, "snapshot")
        time.sleep(_LOOK_S)


def _freeze(guest: guests.Guest, spec: driver.GuestSpec) -> bool:
    """Have the guest write out its file systems and hold them still.

    False when it goes without. Raises: QuiesceNotSupported.
    """
    properties = spec.image.properties
    if not channel.has_agent(spec.image):
        reason = "the image does not have hw_qemu_guest_agent=yes"
    elif guest.state() != power_state.RUNNING:
        reason = "the guest is paused"
    else:
        try:
            guest.freeze()
        except exception.VirtError as error:
            reason = error.format_message()
            LOG.info("Guest %s is not frozen: %s", spec.uuid, reason)
            # Its agent may have done half of it.
            guest.thaw()
        else:
            return True
    if strutils.bool_from_string(properties.get("os_require_quiesce")):
        raise exception.QuiesceNotSupported(
            instance_uuid=spec.uuid, reason=reason
        )
    return False
