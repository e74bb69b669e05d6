# SPDX-License-Identifier: Apache-2.0
"""A guest's directory and the disks in it: ``<instances_path>/<uuid>``.

Called by the driver. All that a guest has on the file system is in its
directory, so removing a guest is removing that.
"""

from __future__ import annotations

import errno
import functools
import os
import shutil
import stat
import uuid as uuidlib
from dataclasses import dataclass
from pathlib import Path

from oslo_log import log as logging

from nova_lite import concurrency, exception
from nova_lite.virt import configdrive, driver
from nova_lite.virt.libvirt.storage import (
    backend,
    backing,
    imagecache,
    qcow2,
    qemu_img,
    raw,
)

LOG = logging.getLogger(__name__)

CONSOLE_LOG = "console.log"
_FORMAT = "format"
# In the order in which the guest sees them.
ROOT = "disk"
EPHEMERAL = "disk.eph0"
SWAP = "disk.swap"
_DISKS = (ROOT, EPHEMERAL, SWAP)
# What a resize keeps is the guest's directory with this behind its name.
_KEPT = "_resize"
_RESCUE = "disk.rescue"
# virtlogd keeps this many earlier parts of a log: .0 is the youngest.
_LOG_PARTS = 3

_BACKENDS: dict[str, type[backend.Backend]] = {
    "qcow2": qcow2.Qcow2Backend,
    "raw": raw.RawBackend,
}


@dataclass(frozen=True, slots=True)
class GuestDisk:
    """A disk that was made, in the order in which the guest sees them."""

    path: str
    format: str
    serial: str


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """Of the file system that holds the guests, in bytes.

    ``promised`` is what guests may still write into disks they have.
    """

    total: int
    free: int
    promised: int


class GuestStore:
    """The directories of all guests of this host."""

    def __init__(
        self,
        instances_path: str,
        images_type: str,
        cache: imagecache.ImageCache,
    ) -> None:
        self._root = Path(instances_path)
        self._backend = _BACKENDS[images_type]()
        self._cache = cache

    def prepare(self) -> None:
        """Make the directories. Raises: ConfigurationError."""
        try:
            self._root.mkdir(mode=0o711, parents=True, exist_ok=True)
            self._cache.prepare()
        except OSError as error:
            raise exception.ConfigurationError(
                reason=f"instances_path cannot be used: {error}"
            ) from error
        for directory in (self._root, *self._root.resolve().parents):
            if not directory.stat().st_mode & stat.S_IXOTH:
                LOG.warning(
                    "QEMU's user may not enter %s, so guests with disks in "
                    "%s will not start: chmod o+x %s",
                    directory,
                    self._root,
                    directory,
                )

    def directory(self, uuid: str) -> Path:
        """Where the guest's files are. Raises: InvalidInput."""
        try:
            name = str(uuidlib.UUID(uuid))
        except ValueError as error:
            raise exception.InvalidInput(
                reason=f"{uuid!r} is not a uuid"
            ) from error
        return self._root / name

    def console_log(self, uuid: str) -> str:
        """Path of the file that virtlogd writes the console to."""
        return str(self.directory(uuid) / CONSOLE_LOG)

    def create(
        self, spec: driver.GuestSpec, progress: driver.ProgressCallback
    ) -> list[GuestDisk]:
        """Make the guest's directory and disks; what was there goes first.

        Raises: ImageUnacceptable, ImageError, InvalidDiskInfo, DiskFull.
        """
        if not spec.image.id:
            raise exception.InvalidDiskInfo(
                reason="the server has no image, and this host cannot boot "
                "from volumes"
            )
        with self._cache.using(spec.image, progress) as base:
            return self._create(spec, base, progress)

    def _create(
        self,
        spec: driver.GuestSpec,
        base: imagecache.CachedImage,
        progress: driver.ProgressCallback,
    ) -> list[GuestDisk]:
        size = _root_size(spec, base.virtual_size)
        progress(80, "disk creation")
        self.remove(spec.uuid)
        directory = self.directory(spec.uuid)
        # QEMU's user must enter the directory, nobody need list it.
        directory.mkdir(mode=0o711)
        # Only what the host wrote tells the format: a guest may write a
        # qcow2 header into its raw disk.
        (directory / _FORMAT).write_text(self._backend.format)
        root = str(directory / "disk")
        self._backend.create_root(root, base, size)
        disks = [self._made(root, spec.uuid)]
        for name, size_bytes in (
            ("disk.eph0", spec.ephemeral_gb * qemu_img.GIB),
            ("disk.swap", spec.swap_mb * qemu_img.MIB),
        ):
            if size_bytes:
                path = str(directory / name)
                self._backend.create_empty(path, size_bytes)
                disks.append(self._made(path, ""))
        return disks

    def existing(self, uuid: str) -> list[GuestDisk]:
        """The disks that a guest has. Raises: GuestNotFound."""
        directory = self.directory(uuid)
        form = self.format_in(directory)
        found = [
            GuestDisk(str(path), form, uuid if path.name == "disk" else "")
            for path in (directory / name for name in _DISKS)
            if path.exists()
        ]
        if not found:
            raise exception.GuestNotFound(uuid=uuid)
        return found

    def create_rescue(
        self,
        uuid: str,
        image: driver.ImageSpec,
        progress: driver.ProgressCallback,
    ) -> GuestDisk:
        """Make the disk that a rescued guest starts from.

        Raises: ImageUnacceptable, ImageError, DiskFull.
        """
        with self._cache.using(image, progress) as base:
            self.remove_rescue(uuid)
            path = str(self.directory(uuid) / _RESCUE)
            self._backend.create_root(path, base, base.virtual_size)
            return self._made(path, "")

    def remove_rescue(self, uuid: str) -> None:
        """Remove what a rescue has made; none there is no error."""
        for name in (_RESCUE, configdrive.RESCUE_NAME):
            (self.directory(uuid) / name).unlink(missing_ok=True)

    def cache_image(
        self, image: driver.ImageSpec, progress: driver.ProgressCallback
    ) -> bool:
        """Fetch an image for later; False when it was here already."""
        if self._cache.has(image.id):
            return False
        with self._cache.using(image, progress):
            return True

    def clean_cache(self, min_age_s: float) -> list[str]:
        """Remove images that no disk here has needed for so long; their ids.

        Raises: OSError.
        """
        look = functools.partial(backing.images_in_use, str(self._root))
        return self._cache.remove_unused(min_age_s, look)

    def kept(self, uuid: str) -> Path:
        """Where a resize keeps the directory as it was."""
        there = self.directory(uuid)
        return there.with_name(there.name + _KEPT)

    def remove(self, uuid: str) -> None:
        """Remove all that a guest has; nothing there is no error."""
        self.remove_present(uuid)
        self.remove_kept(uuid)

    def remove_present(self, uuid: str) -> None:
        """Remove the guest's directory, not what a resize keeps."""
        concurrency.native(remove_tree, self.directory(uuid))

    def remove_kept(self, uuid: str) -> None:
        """Remove what a resize keeps; nothing kept is no error."""
        concurrency.native(remove_tree, self.kept(uuid))

    def format_in(self, directory: Path) -> str:
        """The format of a guest's disks, as this host has written it."""
        try:
            return (directory / _FORMAT).read_text()
        except FileNotFoundError:
            # Made by a release that wrote none.
            return self._backend.format

    def create_empty(self, path: str, size_bytes: int) -> None:
        """Make a disk of zeros. Raises: DiskFull."""
        self._backend.create_empty(path, size_bytes)
        os.chmod(path, 0o600)

    def owners(self) -> list[str]:
        """uuids that have a directory here."""
        found = set()
        for entry in os.scandir(self._root):
            try:
                name = entry.name.removesuffix(_KEPT)
                found.add(str(uuidlib.UUID(name)))
            except ValueError:
                continue  # _base, or not of nova-lite
        return sorted(found)

    def read_console(self, uuid: str, max_bytes: int) -> bytes:
        """The end of the log, across the parts that virtlogd made of it.

        Raises: ConsoleNotAvailable.
        """
        path = self.console_log(uuid)
        try:
            data = _tail(path, max_bytes)
        except FileNotFoundError:
            raise exception.ConsoleNotAvailable() from None
        except PermissionError as error:
            raise exception.ConsoleNotAvailable(
                f"The console log cannot be read by nova-lite-compute: {error}"
            ) from error
        for part in range(_LOG_PARTS):
            missing = max_bytes - len(data)
            if missing <= 0:
                break
            try:
                data = _tail(f"{path}.{part}", missing) + data
            except FileNotFoundError:
                break
        return data

    def usage(self) -> DiskUsage:
        """What the file system has, and what guests may still take."""
        return concurrency.native(self._usage)

    def _usage(self) -> DiskUsage:
        promised = 0
        for owner in self.owners():
            for path in self._root.joinpath(owner).glob("disk*"):
                try:
                    taken = path.stat().st_blocks * 512
                    size = qemu_img.virtual_size(str(path))
                except OSError:
                    continue  # removed or being made at this moment
                promised += max(size - taken, 0)
        stats = os.statvfs(self._root)
        return DiskUsage(
            total=stats.f_blocks * stats.f_frsize,
            free=stats.f_bavail * stats.f_frsize,
            promised=promised,
        )

    def _made(self, path: str, serial: str) -> GuestDisk:
        os.chmod(path, 0o600)
        return GuestDisk(path, self._backend.format, serial)


def _root_size(spec: driver.GuestSpec, image_bytes: int) -> int:
    """Bytes of the root disk. Raises: InvalidDiskInfo."""
    wanted = spec.root_gb * qemu_img.GIB
    if wanted and wanted < image_bytes:
        raise exception.InvalidDiskInfo(
            reason=f"the flavor's root disk of {spec.root_gb} GiB is smaller "
            f"than the image, which needs "
            f"{-(-image_bytes // qemu_img.GIB)} GiB"
        )
    return max(wanted, image_bytes)


def remove_tree(path: Path) -> None:
    """Remove a directory; none there is no error. Raises: VirtError."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno == errno.ENOENT:
            return
        raise exception.VirtError(
            reason=f"{path} cannot be removed: {error}"
        ) from error


def _tail(path: str, max_bytes: int) -> bytes:
    with open(path, "rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(length - max_bytes, 0))
        return file.read(max_bytes) if max_bytes > 0 else b""
