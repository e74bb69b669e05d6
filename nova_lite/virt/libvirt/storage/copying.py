# SPDX-License-Identifier: Apache-2.0
"""Copies of disk files: shared blocks where the file system can, else sparse.

Called by the storage modules. A copy may be stopped between two parts.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from nova_lite import concurrency, exception

# linux/fs.h
_FICLONE = 0x40049409
_PART_BYTES = 64 * 1024**2


def copy(source: Path, target: Path, checkpoint: Callable[[], None]) -> None:
    """Copy a file's contents and mode; holes stay holes.

    ``checkpoint`` is called before each part; what it raises ends the copy.
    Raises: DiskFull.
    """
    try:
        with open(source, "rb") as reader, open(target, "wb") as writer:
            os.fchmod(
                writer.fileno(), os.fstat(reader.fileno()).st_mode & 0o777
            )
            if not concurrency.native(
                _clone, reader.fileno(), writer.fileno()
            ):
                _copy_data(reader.fileno(), writer.fileno(), checkpoint)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise exception.DiskFull(
                path=str(target), reason=str(error)
            ) from error
        raise exception.VirtError(
            reason=f"{source} cannot be copied: {error}"
        ) from error


def _clone(reader: int, writer: int) -> bool:
    """Share the blocks; False where the file system cannot."""
    try:
        fcntl.ioctl(writer, _FICLONE, reader)
    except OSError:
        return False
    return True


def _copy_data(
    reader: int, writer: int, checkpoint: Callable[[], None]
) -> None:
    size = os.fstat(reader).st_size
    os.ftruncate(writer, size)
    position = 0
    while position < size:
        checkpoint()
        position = concurrency.native(_copy_part, reader, writer, position)


def _copy_part(reader: int, writer: int, position: int) -> int:
    """Copy the next run of data, or a part of it; where it has ended."""
    try:
        begin = os.lseek(reader, position, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:  # only a hole is left
            return os.fstat(reader).st_size
        raise
    end = min(os.lseek(reader, begin, os.SEEK_HOLE), begin + _PART_BYTES)
    while begin < end:
        done = os.copy_file_range(reader, writer, end - begin, begin, begin)
        if not done:
            return os.fstat(reader).st_size
        begin += done
    return begin
