# SPDX-License-Identifier: Apache-2.0
"""The disks of a server that is resized: those from before are kept.

``<instances_path>/<uuid>_resize`` is the guest's directory as it was, renamed
as a whole, with the resize's name in it. In there copies of its disks are
made, and renamed to ``<uuid>`` when they are whole. So what is there says how
far a resize has come, and no guest ever starts from half a disk.
"""

from __future__ import annotations

import functools
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
    remove_tree,
)

# In the kept directory: the name of the resize, and what is being made.
_MARK = "resize"
_MAKING = "making"


class KeptDisks:
    """Keeps, copies and grows, brings back."""

    def __init__(self, store: GuestStore) -> None:
        self._store = store

    def keep(self, uuid: str, name: str) -> None:
        """Put a guest's directory aside. Raises: GuestNotFound."""
        there, kept = self._store.directory(uuid), self._store.kept(uuid)
        if _mark_of(kept) == name:
            return
        # Left by a resize that somebody has ended by reset-state.
        if there.is_dir():
            self._store.remove_kept(uuid)
        elif kept.is_dir():
            kept.rename(there)
        else:
            raise exception.GuestNotFound(uuid=uuid)
        (there / _MARK).write_text(name)
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
        if _mark_of(kept) != name:
            raise exception.GuestNotFound(uuid=spec.uuid)
        if there.is_dir():
            return  # made as a whole, perhaps in use
        making = kept / _MAKING
        remove_tree(making)
        making.mkdir(mode=0o711)
        files = list(_files(kept, spec))
        for number, source in enumerate(files):
            percent = 80 * number // len(files)
            copying.copy(
                source,
                making / source.name,
                functools.partial(progress, percent, "disk copy"),
            )
        progress(90, "disk growth")
        self._grow(making, spec)
        making.rename(there)

    def _grow(self, making: Path, spec: driver.GuestSpec) -> None:
        form = self._store.format_in(making)
        for file_name, size_bytes in (
            (ROOT, spec.root_gb * qemu_img.GIB),
            (EPHEMERAL, spec.ephemeral_gb * qemu_img.GIB),
            (SWAP, spec.swap_mb * qemu_img.MIB),
        ):
            path = making / file_name
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
            remove_tree(kept / _MAKING)
            kept.rename(there)
        (there / _MARK).unlink(missing_ok=True)

    def drop(self, uuid: str) -> None:
        """Remove what is kept."""
        self._store.remove_kept(uuid)


def _files(kept: Path, spec: driver.GuestSpec) -> Iterator[Path]:
    """What goes into the new directory: all but what belongs to the old.

    Swap of another size is made anew, empty.
    """
    for path in sorted(kept.iterdir()):
        if not path.is_file() or path.name == _MARK:
            continue
        if path.name.startswith(CONSOLE_LOG):
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
