# SPDX-License-Identifier: Apache-2.0
"""qemu-img convert: a disk with all that is behind it, as one file.

It may take minutes, so it tells how far it is and can be stopped.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time

from nova_lite import exception
from nova_lite.virt import driver

_PERCENT = re.compile(rb"\((\d+)\.\d+/100%\)")
_LOOK_S = 0.1
# It ends with this daemon: the next one begins anew, and the file is locked.
_WITH_US = ("setpriv", "--pdeathsig", "KILL")


def flatten(
    source: driver.DiskFile,
    target: driver.DiskFile,
    progress: driver.ProgressCallback,
) -> None:
    """Write ``target``, new or over what is there.

    Raises: DiskFull, VirtError, and what ``progress`` raises.
    """
    command = [
        *_WITH_US,
        *("qemu-img", "convert", "-p"),
        *("-f", source.format, "-O", target.format),
        *(source.path, target.path),
    ]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "LC_ALL": "C"},
        ) as process,
    ):
        try:
            _watch(process, progress)
        except BaseException:
            process.kill()
            raise
        if process.wait():
            errors.seek(0)
            raise _error(target.path, errors.read().decode(errors="replace"))


def _watch(
    process: subprocess.Popen[bytes], progress: driver.ProgressCallback
) -> None:
    """Tell how far it is until it ends."""
    assert process.stdout is not None
    fd = process.stdout.fileno()
    os.set_blocking(fd, False)
    percent = 0
    while process.poll() is None:
        try:
            found = _PERCENT.findall(os.read(fd, 65536))
        except BlockingIOError:
            found = []
        percent = int(found[-1]) if found else percent
        progress(percent, "snapshot")
        time.sleep(_LOOK_S)


def _error(path: str, said: str) -> exception.VirtError:
    lines = said.strip().splitlines()
    reason = lines[-1] if lines else "no message"
    if "No space left" in said:
        return exception.DiskFull(path=path, reason=reason)
    return exception.VirtError(reason=f"qemu-img convert of {path}: {reason}")
