# SPDX-License-Identifier: Apache-2.0
"""Images of this host, each fetched once: ``<instances_path>/_base/<id>``.

Called by spawn, many at a time. A file appears under its final name only
when it is whole and checked, so what a killed daemon leaves is a ``.part``
that the next start removes.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oslo_concurrency import lockutils, processutils
from oslo_log import log as logging
from oslo_utils.imageutils import format_inspector

from nova_lite import concurrency, exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt.storage import qemu_img

LOG = logging.getLogger(__name__)

DIRECTORY = "_base"
_PART = ".part"

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
# A raw image with a partition table is recognised by that table.
_RAW_CONTENT = ("raw", "gpt")


@dataclass(frozen=True, slots=True)
class CachedImage:
    """An image that is here, checked, and never changes any more."""

    path: str
    format: str
    virtual_size: int


class ImageCache:
    """The images of one host, under ``instances_path``."""

    def __init__(self, instances_path: str, virtapi: driver.VirtAPI) -> None:
        self._base = Path(instances_path) / DIRECTORY
        self._virtapi = virtapi
        self._users: collections.Counter[str] = collections.Counter()

    def prepare(self) -> None:
        """Make the directory; remove what a killed daemon was fetching."""
        self._base.mkdir(mode=0o711, parents=True, exist_ok=True)
        for part in self._base.glob(f"*{_PART}"):
            LOG.info("Removing an unfinished image download: %s", part)
            part.unlink(missing_ok=True)

    def has(self, image_id: str) -> bool:
        """Whether an image is here, whole and checked."""
        return bool(_SAFE_ID.fullmatch(image_id)) and os.path.exists(
            self._base / image_id
        )

    @contextlib.contextmanager
    def using(
        self, image: driver.ImageSpec, progress: driver.ProgressCallback
    ) -> Iterator[CachedImage]:
        """The image, fetched now when it is not here yet.

        It stays until the caller is done, who has made a disk on it then.
        Raises: ImageUnacceptable, ImageError, DiskFull.
        """
        self._check(image)
        path = str(self._base / image.id)
        with self._lock(image.id):
            if os.path.exists(path):
                os.utime(path)
            else:
                self._fill(image, path, progress)
            self._users[image.id] += 1
        try:
            yield CachedImage(
                path=path,
                format=image.disk_format,
                virtual_size=qemu_img.virtual_size(path),
            )
        finally:
            self._users[image.id] -= 1

    def remove_unused(
        self, min_age_s: float, in_use: Callable[[], set[str]]
    ) -> list[str]:
        """Remove images that nothing has needed for so long; their ids.

        ``in_use`` looks at the disks. It is asked again for each image while
        nobody can begin to use that one.
        Raises: OSError when a disk cannot be read: then none is removed.
        """
        used = concurrency.native(in_use)
        removed = []
        for entry in list(os.scandir(self._base)):
            if entry.name in used:
                # Its time begins when the last disk on it is gone.
                os.utime(entry.path)
            elif not entry.name.endswith(_PART) and (
                time.time() - entry.stat().st_mtime >= min_age_s
            ):
                with self._lock(entry.name):
                    if self._users[entry.name] == 0 and (
                        entry.name not in concurrency.native(in_use)
                    ):
                        os.unlink(entry.path)
                        removed.append(entry.name)
        for name in removed:
            LOG.info("Image %s was not used and left the cache", name)
        return removed

    def _lock(self, image_id: str) -> contextlib.AbstractContextManager[Any]:
        return lockutils.lock(f"image-{image_id}")

    def _check(self, image: driver.ImageSpec) -> None:
        """Raises: ImageUnacceptable."""
        if not _SAFE_ID.fullmatch(image.id):
            raise exception.ImageUnacceptable(
                image_id=image.id, reason="its id cannot be a file's name"
            )
        if image.disk_format not in qemu_img.FORMATS:
            raise exception.ImageUnacceptable(
                image_id=image.id,
                reason=f"disk_format is {image.disk_format}; this host takes "
                f"{' and '.join(qemu_img.FORMATS)}",
            )

    def _fill(
        self,
        image: driver.ImageSpec,
        path: str,
        progress: driver.ProgressCallback,
    ) -> None:
        part = f"{path}.{uuid.uuid4().hex}{_PART}"
        try:
            local = self._virtapi.local_image_path(image.id)
            if local is None:
                self._virtapi.fetch_image(image, part, progress)
            else:
                _clone(local, part)
            verify(image, part)
            os.chmod(part, 0o644)
            # A name that outlives a power cut must not outlive its content.
            concurrency.native(_sync, part)
            os.rename(part, path)
        except OSError as error:
            raise _full_or_failed(error, path) from error
        finally:
            Path(part).unlink(missing_ok=True)
        LOG.info("Image %s is in the cache", image.id)


def verify(image: driver.ImageSpec, path: str) -> None:
    """Hold the file against what its owner declared.

    A file that is something else than declared, or that points to other
    files, could make QEMU show a guest what lies on the host.
    Raises: ImageUnacceptable.
    """
    found, unsafe = concurrency.native(_inspect, path)
    expected = _RAW_CONTENT if image.disk_format == "raw" else ("qcow2",)
    if found not in expected:
        raise exception.ImageUnacceptable(
            image_id=image.id,
            reason=f"it is declared as {image.disk_format} but its content "
            f"is {found}",
        )
    if unsafe:
        raise exception.ImageUnacceptable(image_id=image.id, reason=unsafe)
    try:
        info = qemu_img.info(path, image.disk_format)
    except exception.InvalidDiskInfo as error:
        raise exception.ImageUnacceptable(
            image_id=image.id, reason=error.kwargs["reason"]
        ) from error
    if info.backing_file or info.data_file:
        raise exception.ImageUnacceptable(
            image_id=image.id, reason="it needs another file to be read"
        )


def _inspect(path: str) -> tuple[str, str | None]:
    """The content's format, and why it is not safe, if so.

    This reads bytes only: qemu-img may open what a header points to, so it
    sees the file after this.
    """
    try:
        inspector = format_inspector.detect_file_format(path)
    except format_inspector.ImageFormatError as error:
        return "not to be told", str(error)
    found = "not to be told" if inspector is None else str(inspector)
    if inspector is None or found != "qcow2":
        return found, None
    try:
        inspector.safety_check()
    except format_inspector.SafetyCheckFailed as error:
        failed = ", ".join(sorted(error.failures))
        return found, f"it is not safe to use (check failed: {failed})"
    return found, None


def _clone(source: str, target: str) -> None:
    """Copy the image store's file, sharing its blocks where that can be.

    Not by a hard link: libvirt gives the file to QEMU's user, and the store's
    own must stay out of a guest's reach.
    """
    try:
        processutils.execute(
            "cp", "--reflink=auto", "--sparse=always", "--", source, target
        )
    except processutils.ProcessExecutionError as error:
        reason = (error.stderr or "").strip()
        full = "No space left" in reason
        raise OSError(errno.ENOSPC if full else errno.EIO, reason) from error


def _sync(path: str) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _full_or_failed(error: OSError, path: str) -> exception.NovaLiteException:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return exception.DiskFull(path=path, reason=error.strerror)
    return exception.VirtError(reason=f"image cache {path}: {error}")
