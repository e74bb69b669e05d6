# SPDX-License-Identifier: Apache-2.0
"""The disks of a server that is resized: those from before are kept.

``<instances_path>/<uuid>_resize`` is the guest's directory as it was, renamed
as a whole, with the resize's name in it; ``<uuid>`` is made anew from copies
of its disks. So what is there says how far a resize has come.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt.storage import copying, qemu_img
from nova_lite.virt.libvirt.storage.disks import (
    CONSOLE_LOG,
    EPHEMERAL,
    ROOT,
    SWAP,
    GuestStore,
)

# In the kept directory and in the one made anew when it is whole: the name
# of the resize.
_MARK = "resize"


class KeptDisks:
    """Keeps, copies and grows, brings back."""

    def __init__(self, store: GuestStore) -> None:
        self._store = store

    def keep(self, uuid: str, name: str) -> None:
        """Put a guest's directory aside. Raises: GuestNotFound."""
        there, kept = self._store.directory(uuid), self._store.kept(uuid)
        if _mark_of(kept) == name:
            return
        if not there.is_dir():
            raise exception.GuestNotFound(uuid=uuid)
        # Left by a resize that somebody has ended by reset-state.
        self._store.remove_kept(uuid)
        _set_mark(there, name)
        there.rename(kept)

    def has(self, uuid: str, name: str) -> bool:
        """Whether disks are kept for the resize of this name."""
        return _mark_of(self._store.kept(uuid)) == name

    def make(
        self,
        spec: driver.GuestSpec,
        name: str,
        progress: driver.ProgressCallback,
    ) -> None:
        """Copy the kept disks and let them grow.

        Raises: GuestNotFound, InvalidDiskInfo, DiskFull.
        """
        there, kept = (
            self._store.directory(spec.uuid),
            self._store.kept(spec.uuid),
        )
        if _mark_of(there) == name:
            return  # made as a whole, perhaps in use
        if _mark_of(kept) != name:
            raise exception.GuestNotFound(uuid=spec.uuid)
        self._store.remove_present(spec.uuid)
        there.mkdir(mode=0o711)
        files = list(_files(kept, spec))
        for number, source in enumerate(files):
            percent = 80 * number // len(files)
            copying.copy(
                source,
                there / source.name,
                functools.partial(progress, percent, "disk copy"),
            )
        progress(90, "disk growth")
        self._grow(there, spec)
        _set_mark(there, name)

    def _grow(self, there: Path, spec: driver.GuestSpec) -> None:
        form = self._store.format_of(spec.uuid)
        for file_name, size_bytes in (
            (ROOT, spec.root_gb * qemu_img.GIB),
            (EPHEMERAL, spec.ephemeral_gb * qemu_img.GIB),
            (SWAP, spec.swap_mb * qemu_img.MIB),
        ):
            path = there / file_name
            if not size_bytes:
                continue
            if not path.exists():
                self._store.create_empty(str(path), size_bytes)
                continue
            has = qemu_img.virtual_size(str(path))
            if has > size_bytes:
                raise exception.InvalidDiskInfo(
                    reason=f"{file_name} has {has} bytes and cannot shrink "
                    f"to the {size_bytes} of the flavor"
                )
            if has < size_bytes:
                qemu_img.run(
                    str(path),
                    *("resize", "-f", form, str(path), str(size_bytes)),
                )

    def restore(self, uuid: str, name: str) -> None:
        """Bring the kept directory back, if it is that of this resize."""
        there, kept = self._store.directory(uuid), self._store.kept(uuid)
        if _mark_of(kept) == name:
            self._store.remove_present(uuid)
            kept.rename(there)
        _remove_mark(there)

    def drop(self, uuid: str) -> None:
        """Remove what is kept."""
        self._store.remove_kept(uuid)
        _remove_mark(self._store.directory(uuid))


def _files(kept: Path, spec: driver.GuestSpec) -> Iterator[Path]:
    """What goes into the new directory: all but what belongs to the old.

    Swap of another size is made anew, empty.
    """
    for path in sorted(kept.iterdir()):
        if path.name == _MARK or path.name.startswith(CONSOLE_LOG):
            continue
        if path.name == SWAP and (
            qemu_img.virtual_size(str(path)) != spec.swap_mb * qemu_img.MIB
        ):
            continue
        if path.name == EPHEMERAL and not spec.ephemeral_gb:
            continue
        yield path


def _mark_of(directory: Path) -> str | None:
    try:
        return (directory / _MARK).read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _set_mark(directory: Path, name: str) -> None:
    """Write it whole: it says that what is beside it is whole."""
    draft = directory / f".{_MARK}"
    draft.write_text(name)
    os.replace(draft, directory / _MARK)


def _remove_mark(directory: Path) -> None:
    (directory / _MARK).unlink(missing_ok=True)
