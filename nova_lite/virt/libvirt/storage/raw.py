# SPDX-License-Identifier: Apache-2.0
"""Raw disks: a full, sparse copy of the image."""

from __future__ import annotations

from nova_lite.virt.libvirt.storage import backend, imagecache, qemu_img


class RawBackend(backend.Backend):
    """[libvirt] images_type = raw."""

    format = "raw"

    def create_root(
        self, path: str, base: imagecache.CachedImage, size_bytes: int
    ) -> None:
        """Copy or unpack the image and grow it to ``size_bytes``."""
        qemu_img.run(
            path, "convert", "-f", base.format, "-O", "raw", base.path, path
        )
        qemu_img.run(path, "resize", "-f", "raw", path, str(size_bytes))

    def create_empty(self, path: str, size_bytes: int) -> None:
        """Make a sparse file."""
        qemu_img.run(path, "create", "-f", "raw", path, str(size_bytes))
