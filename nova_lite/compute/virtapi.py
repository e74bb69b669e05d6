# SPDX-License-Identifier: Apache-2.0
"""What a driver may ask from above, answered by images and network."""

from __future__ import annotations

from nova_lite.compute.plugging import Plugging
from nova_lite.context import get_admin_context
from nova_lite.image.api import ImageAPI
from nova_lite.virt.driver import ImageSpec, ProgressCallback, VirtAPI


class ComputeVirtAPI(VirtAPI):
    """Fetches images with the daemon's own credentials."""

    def __init__(self, images: ImageAPI, plugging: Plugging) -> None:
        self._images = images
        self._plugging = plugging

    def fetch_image(
        self, image: ImageSpec, path: str, progress: ProgressCallback
    ) -> None:
        self._images.download(
            get_admin_context(),
            image.id,
            path,
            progress,
        )

    def local_image_path(self, image_id: str) -> str | None:
        return self._images.local_path(image_id)

    def wait_for_plugs(self, uuid: str) -> None:
        self._plugging.wait(uuid)
