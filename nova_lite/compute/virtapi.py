# SPDX-License-Identifier: Apache-2.0
"""What a driver may ask from above, answered by images and network."""

from __future__ import annotations

from collections.abc import Sequence

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute.plugging import Plugging
from nova_lite.context import get_admin_context
from nova_lite.image.api import ImageAPI
from nova_lite.network.api import NetworkAPI
from nova_lite.virt.driver import ImageSpec, ProgressCallback, VirtAPI

LOG = logging.getLogger(__name__)


class ComputeVirtAPI(VirtAPI):
    """Fetches images with the daemon's own credentials."""

    def __init__(
        self, images: ImageAPI, plugging: Plugging, network: NetworkAPI
    ) -> None:
        self._images = images
        self._plugging = plugging
        self._network = network

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

    def security_groups(self, uuid: str) -> Sequence[str] | None:
        try:
            found = self._network.instance_security_groups(
                get_admin_context(), [uuid]
            )
        except exception.NovaLiteException as error:
            # A guest is not to stay off for a name that is shown to it.
            LOG.warning("The groups of %s are unknown: %s", uuid, error)
            return None
        return [group["name"] for group in found[uuid]]
