# SPDX-License-Identifier: Apache-2.0
"""Which cached images the disks of this host stand on.

Only the headers of the files are read, each time anew: what a daemon
remembers may be of before its last end.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from nova_lite.virt.libvirt.storage import imagecache

_QCOW2_MAGIC = b"QFI\xfb"
_HEADER = struct.Struct(">4sIQI")  # magic, version, offset and size of a name
# The format allows no longer name of a backing file.
_NAME_BYTES = 1023
# Wherever the directory was mounted when the overlay was made.
_IMAGE = re.compile(rf"/{imagecache.DIRECTORY}/([A-Za-z0-9._-]+)")


def images_in_use(instances_path: str) -> set[str]:
    """ids of the images that some file here needs to be read.

    Too many where a guest has written such a header into a raw disk; never
    too few. Raises: OSError when a file cannot be read.
    """
    found: set[str] = set()
    for path in _files(Path(instances_path)):
        try:
            found.update(_IMAGE.findall(_backing_file(path)))
        except FileNotFoundError:
            continue  # removed at this moment
    return found


def _files(root: Path) -> Iterator[Path]:
    for directory, below, names in os.walk(root, onerror=_unless_gone):
        if Path(directory) == root and imagecache.DIRECTORY in below:
            below.remove(imagecache.DIRECTORY)
        for name in names:
            path = Path(directory, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _backing_file(path: Path) -> str:
    """The name of a qcow2 file's backing file; empty for any other file."""
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return ""
        magic, _, offset, size = _HEADER.unpack(header)
        if magic != _QCOW2_MAGIC or not offset or offset >= 2**63:
            return ""
        file.seek(offset)
        return file.read(min(size, _NAME_BYTES)).decode("utf-8", "replace")
