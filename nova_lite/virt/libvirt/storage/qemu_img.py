# SPDX-License-Identifier: Apache-2.0
"""Runs qemu-img, and reads the headers that need no command.

Called by the storage modules. Nothing here goes through a shell.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

from oslo_concurrency import processutils

from nova_lite import exception

FORMATS = ("raw", "qcow2")
GIB = 1024**3
MIB = 1024**2

_QCOW2_MAGIC = b"QFI\xfb"
_SECTOR = 512
# What reading an unknown file's header may take at most.
_INFO_MEMORY_BYTES = 2 * GIB
_INFO_CPU_S = 30


@dataclass(frozen=True, slots=True)
class DiskInfo:
    """What a disk file says of itself."""

    format: str
    virtual_size: int
    backing_file: str | None
    data_file: str | None


def info(path: str, disk_format: str) -> DiskInfo:
    """Ask qemu-img, bounded in memory and time, since a user made the file.

    Raises: InvalidDiskInfo.
    """
    limits = ["prlimit", f"--as={_INFO_MEMORY_BYTES}", f"--cpu={_INFO_CPU_S}"]
    command = ["qemu-img", "info", "--output=json", "-f", disk_format, path]
    try:
        output, _ = processutils.execute(*limits, *command)
    except processutils.ProcessExecutionError as error:
        raise exception.InvalidDiskInfo(
            reason=f"{path} cannot be read as {disk_format}: "
            f"{_last_line(error.stderr)}"
        ) from error
    found = json.loads(output)
    specific = found.get("format-specific", {}).get("data", {})
    return DiskInfo(
        format=found["format"],
        virtual_size=found["virtual-size"],
        backing_file=found.get("backing-filename"),
        data_file=specific.get("data-file"),
    )


def run(path: str, *arguments: str) -> None:
    """Run ``qemu-img`` to make ``path``. Raises: DiskFull, VirtError."""
    try:
        processutils.execute("qemu-img", *arguments)
    except processutils.ProcessExecutionError as error:
        reason = _last_line(error.stderr)
        if "No space left" in (error.stderr or ""):
            raise exception.DiskFull(path=path, reason=reason) from error
        raise exception.VirtError(
            reason=f"qemu-img {arguments[0]} of {path}: {reason}"
        ) from error


def create_like(path: str, disk_format: str, made: str) -> bool:
    """Make an empty qcow2 file of the size of a disk, on the same backing.

    The disk may be in use by a guest. False when there is no backing file.
    Raises: DiskFull, VirtError.
    """
    backing: list[str] = []
    if disk_format == "qcow2":
        command = ["qemu-img", "info", "-U", "--output=json", "-f", "qcow2"]
        try:
            output, _ = processutils.execute(*command, path)
        except processutils.ProcessExecutionError as error:
            raise exception.VirtError(
                reason=f"qemu-img info of {path}: {_last_line(error.stderr)}"
            ) from error
        found = json.loads(output)
        if base := found.get("full-backing-filename"):
            form = found["backing-filename-format"]
            backing = ["-b", base, "-F", form]
    size = str(virtual_size(path))
    run(made, "create", "-f", "qcow2", *backing, made, size)
    return bool(backing)


def virtual_size(path: str) -> int:
    """Bytes that a guest sees of a raw or qcow2 file of ours.

    Reads the header only: it is asked for every disk of a host at once.
    """
    with open(path, "rb") as file:
        header = file.read(32)
        if header.startswith(_QCOW2_MAGIC) and len(header) == 32:
            return int(struct.unpack(">Q", header[24:32])[0])
        length = file.seek(0, 2)
    return -(-length // _SECTOR) * _SECTOR


def _last_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[-1] if lines else "no message"
