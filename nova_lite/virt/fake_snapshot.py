# SPDX-License-Identifier: Apache-2.0
"""The fake driver's snapshots: small files that name their guest."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from nova_lite import exception
from nova_lite.virt import driver

_LOOK_S = 0.05


class Snapshots:
    """``<directory>/<guest's uuid>/<name>``."""

    def __init__(self, directory: Path, size_kib: int, delay_s: float) -> None:
        self._directory = directory
        self._size_bytes = size_kib * 1024
        self._delay_s = delay_s

    def clear(self) -> None:
        """Remove what an earlier daemon left."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def take(
        self,
        spec: driver.GuestSpec,
        name: str,
        fails: bool,
        progress: driver.ProgressCallback,
    ) -> driver.DiskFile:
        """Write the file, or half of it when it is to fail."""
        path = self._directory / spec.uuid / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = f"snapshot of {spec.display_name} {spec.uuid}\n".encode()
        data = data.ljust(self._size_bytes, b"\0")
        path.write_bytes(data[: len(data) // 2])
        progress(50, "snapshot")
        deadline = time.monotonic() + self._delay_s
        while time.monotonic() < deadline:
            progress(50, "snapshot")
            time.sleep(_LOOK_S)
        if fails:
            raise exception.VirtError(reason="[fake] fail_snapshot says so")
        path.write_bytes(data)
        progress(100, "snapshot")
        return driver.DiskFile(str(path), "raw")

    def remove(self, uuid: str, name: str | None = None) -> None:
        """Remove one file of a guest, or all."""
        directory = self._directory / uuid
        if name is None:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            (directory / name).unlink(missing_ok=True)
