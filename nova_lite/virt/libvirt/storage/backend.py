# SPDX-License-Identifier: Apache-2.0
"""How a guest's disk is made from a cached image; one class per format."""

from __future__ import annotations

import abc
from typing import ClassVar

from nova_lite.virt.libvirt.storage import imagecache


class Backend(abc.ABC):
    """Makes disk files of one format."""

    format: ClassVar[str]

    @abc.abstractmethod
    def create_root(
        self, path: str, base: imagecache.CachedImage, size_bytes: int
    ) -> None:
        """Make a disk that begins as the image. Raises: DiskFull."""

    @abc.abstractmethod
    def create_empty(self, path: str, size_bytes: int) -> None:
        """Make a disk of zeros. Raises: DiskFull."""
