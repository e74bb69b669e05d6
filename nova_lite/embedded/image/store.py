# SPDX-License-Identifier: Apache-2.0
"""The bytes of the images: one file each in a directory.

An upload writes ``<id>.part`` and holds a lock on it for as long as it runs,
through the rename to ``<id>`` and until the database knows. A lock goes with
its process, so a part that nobody has locked was left by a crash. Used by the
embedded image service in the API process.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nova_lite import concurrency, exception

CHUNK_BYTES = 256 * 1024
HASH_ALGO = "sha512"
_HEAD_BYTES = 32
_FILE = re.compile(r"^([0-9a-f-]{36})(\.part)?$")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Written:
    """What an upload wrote."""

    size_bytes: int
    checksum: str  # md5, which Glance still shows
    os_hash_value: str  # of HASH_ALGO
    head: bytes  # the first bytes, by which formats are known


def virtual_size_bytes(disk_format: str | None, data: Written) -> int | None:
    """Size of the disk that an image makes, as far as its head tells.

    Source: the qcow2 specification, "Header": magic, ..., size at byte 24.
    """
    if disk_format in ("raw", "iso"):
        return data.size_bytes
    if disk_format == "qcow2" and data.head.startswith(b"QFI\xfb"):
        size = int.from_bytes(data.head[24:32], "big")
        return size if size < 1 << 63 else None
    return None


class Store:
    """A directory of images; safe for several threads and processes."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def path(self, image_id: str) -> str:
        """Where the bytes of an image lie."""
        return os.path.join(self._directory, image_id)

    def upload(self, image_id: str) -> Upload:
        """Begin an upload; leave its ``with`` block only when it is known.

        Raises: Conflict while another upload of the image runs; ImageError
        when the directory cannot be written.
        """
        try:
            self._make_directory()
            fd = _open_locked(self.path(image_id) + ".part", create=True)
        except OSError as error:
            raise _translated(error) from error
        if fd is None:
            raise exception.Conflict(
                f"Another upload of image {image_id} is running."
            )
        os.ftruncate(fd, 0)
        return Upload(fd, self.path(image_id))

    def read(self, image_id: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``stop``, in chunks.

        The file is opened at once, so that its absence is known before an
        answer begins.
        Raises: ImageError when it is not there.
        """
        try:
            fd = os.open(self.path(image_id), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise exception.ImageError(
                reason=f"the data of image {image_id} cannot be read "
                f"({error.strerror})"
            ) from error
        return _chunks(fd, start, stop)

    def delete(self, image_id: str) -> None:
        """Remove an image's bytes, if there are any."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(image_id))

    def files(self) -> tuple[set[str], set[str]]:
        """Ids of the images with a whole file here, and with a part."""
        try:
            names = os.listdir(self._directory)
        except FileNotFoundError:
            return set(), set()
        found = [match for name in names if (match := _FILE.match(name))]
        return (
            {match[1] for match in found if not match[2]},
            {match[1] for match in found if match[2]},
        )

    @contextlib.contextmanager
    def abandoned(self, image_id: str) -> Iterator[bool]:
        """Hold an image against uploads; False while one runs.

        A part file is there, locked, for the time of the block.
        """
        part = self.path(image_id) + ".part"
        held: list[int | None] = []
        try:
            self._make_directory()
            # The part first: a rename in between moves it to the second
            # name, where its lock is then met.
            held.append(_open_locked(part, create=True))
            with contextlib.suppress(FileNotFoundError):
                held.append(_open_locked(self.path(image_id), create=False))
        except OSError as error:
            raise _translated(error) from error
        else:
            yield None not in held
        finally:
            if held and held[0] is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(part)
            for fd in held:
                if fd is not None:
                    os.close(fd)

    def _make_directory(self) -> None:
        os.makedirs(self._directory, mode=0o700, exist_ok=True)


class Upload:
    """A running upload: ``write`` chunks, then ``commit``."""

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self._path = path
        self._named = False
        self._size_bytes = 0
        self._head = b""
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._hash = hashlib.new(HASH_ALGO)

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, *_exc: object) -> None:
        # After a commit a part of that name would be another upload's.
        if not self._named:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path + ".part")
        os.close(self._fd)

    @property
    def size_bytes(self) -> int:
        """Bytes written so far."""
        return self._size_bytes

    def write(self, chunk: bytes) -> None:
        """Add a chunk.

        Raises: RequestTooLarge when the store is full; ImageError.
        """
        try:
            concurrency.native(self._write, chunk)
        except OSError as error:
            raise _translated(error) from error

    def _write(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._fd, view) :]
        self._md5.update(chunk)
        self._hash.update(chunk)
        self._size_bytes += len(chunk)
        if len(self._head) < _HEAD_BYTES:
            self._head = (self._head + chunk)[:_HEAD_BYTES]

    def commit(self) -> Written:
        """Make the bytes durable under their final name.

        Raises: RequestTooLarge when the store is full; ImageError.
        """
        try:
            concurrency.native(self._commit)
        except OSError as error:
            raise _translated(error) from error
        return Written(
            self._size_bytes,
            self._md5.hexdigest(),
            self._hash.hexdigest(),
            self._head,
        )

    def _commit(self) -> None:
        os.fsync(self._fd)
        os.replace(self._path + ".part", self._path)
        self._named = True
        directory = os.open(os.path.dirname(self._path), os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _open_locked(path: str, *, create: bool) -> int | None:
    """Open and lock a file; None when it is locked by somebody else."""
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    while True:
        fd = os.open(path, flags, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.path.samestat(os.fstat(fd), os.stat(path))
        except BlockingIOError:
            os.close(fd)
            return None
        except FileNotFoundError:
            same = False  # unlinked between open and lock
        except BaseException:
            os.close(fd)
            raise
        if same:
            return fd
        os.close(fd)


def _chunks(fd: int, start: int, stop: int) -> Iterator[bytes]:
    try:
        at = start
        while at < stop:
            want = min(CHUNK_BYTES, stop - at)
            chunk = concurrency.native(os.pread, fd, want, at)
            if not chunk:
                return  # the client sees the shortfall by Content-Length
            at += len(chunk)
            yield chunk
    finally:
        os.close(fd)


def _translated(error: OSError) -> exception.NovaLiteException:
    if error.errno in _FULL:
        return exception.RequestTooLarge(
            "The image store has no space left for this image."
        )
    return exception.ImageError(
        reason=f"the image store cannot be written ({error.strerror})"
    )
