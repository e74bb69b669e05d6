# SPDX-License-Identifier: Apache-2.0
"""qcow2 disks: an overlay on the cached image, made in milliseconds."""

from __future__ import annotations

from nova_lite.virt.libvirt.storage import backend, imagecache, qemu_img


class Qcow2Backend(backend.Backend):
    """The default of [libvirt] images_type."""

    format = "qcow2"

    def create_root(
        self, path: str, base: imagecache.CachedImage, size_bytes: int
    ) -> None:
        """Make an overlay that names its backing file's format."""
        # With no -F the format would be guessed from the guest's own data.
        backing = ["-b", base.path, "-F", base.format]
        qemu_img.run(
            path, "create", "-f", "qcow2", *backing, path, str(size_bytes)
        )

    def create_empty(self, path: str, size_bytes: int) -> None:
        """Make a disk that takes space as it is written."""
        qemu_img.run(path, "create", "-f", "qcow2", path, str(size_bytes))
