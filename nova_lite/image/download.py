# SPDX-License-Identifier: Apache-2.0
"""The receiving end of an image download: file, hash, progress.

Used by an image client in the thread of the download; disk work and hashing
go through ``concurrency.native``.
"""

from __future__ import annotations

import errno
import hashlib
import os

from nova_lite import concurrency, exception
from nova_lite.image import api


class Sink:
    """The file of a download, its hash and its progress."""

    def __init__(
        self,
        image: api.Image,
        path: str,
        fd: int,
        progress: api.ProgressCallback | None,
    ) -> None:
        self.image = image
        self._path = path
        self._fd = fd
        self._progress = progress
        self._percent = -1
        self.restart()

    def close(self) -> None:
        os.close(self._fd)

    def restart(self) -> None:
        """Forget what came so far."""
        self.size_bytes = 0
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.ftruncate(self._fd, 0)
        name, self._expected = _hash_of(self.image)
        self._hash = hashlib.new(name, usedforsecurity=False)

    def write(self, chunk: bytes) -> None:
        try:
            concurrency.native(self._write, chunk)
        except OSError as error:
            raise disk_error(self.image.id, self._path, error) from error
        self.size_bytes += len(chunk)
        self._report()

    def _write(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._fd, view) :]
        self._hash.update(chunk)

    def _report(self) -> None:
        size = self.image.size_bytes
        if self._progress is None or not size:
            return
        percent = min(100, self.size_bytes * 100 // size)
        if percent != self._percent:
            self._percent = percent
            self._progress(percent, "image download")

    def verify(self) -> None:
        """Raises: ImageChecksumMismatch."""
        size = self.image.size_bytes
        if size is not None and size != self.size_bytes:
            raise exception.ImageChecksumMismatch(
                image_id=self.image.id,
                reason=f"{self.size_bytes} bytes came instead of {size}",
            )
        found = self._hash.hexdigest()
        if self._expected is not None and found != self._expected:
            raise exception.ImageChecksumMismatch(
                image_id=self.image.id,
                reason=f"its {self._hash.name} is {found} and should be "
                f"{self._expected}",
            )


def _hash_of(image: api.Image) -> tuple[str, str | None]:
    """Algorithm and value to verify with; md5 when there is nothing else."""
    algorithm = image.os_hash_algo or ""
    if image.os_hash_value and algorithm in hashlib.algorithms_available:
        return algorithm, image.os_hash_value
    return "md5", image.checksum


def disk_error(
    image_id: str, path: str, error: OSError
) -> exception.NovaLiteException:
    """What it means for a download that ``path`` cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return exception.DiskFull(path=path, reason=error.strerror)
    return exception.ImageDownloadFailed(
        image_id=image_id, reason=f"{path}: {error.strerror}"
    )
