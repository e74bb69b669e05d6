# SPDX-License-Identifier: Apache-2.0
"""Fetches images into the host's cache before a server needs them.

Called by ComputeManager in the thread of conductor's call, one image after
another: what bounds the load on the image service is how many hosts
conductor asks at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.image.api import Image, ImageAPI
from nova_lite.virt.driver import ComputeDriver, ImageSpec

LOG = logging.getLogger(__name__)


def cache_images(
    images: ImageAPI, driver: ComputeDriver, image_ids: Sequence[str]
) -> dict[str, str]:
    """Image id -> cached, existing, unsupported or error."""
    return {ident: _cache(images, driver, ident) for ident in image_ids}


def _cache(images: ImageAPI, driver: ComputeDriver, ident: str) -> str:
    try:
        spec = _spec(images.get(get_admin_context(), ident))
        fetched = driver.cache_image(spec, _say_nothing)
    except exception.NotSupported:
        return "unsupported"
    except exception.NovaLiteException as error:
        LOG.warning("Image %s was not cached: %s", ident, error)
        return "error"
    return "cached" if fetched else "existing"


def _spec(image: Image) -> ImageSpec:
    return ImageSpec(
        id=image.id,
        name=image.name or "",
        disk_format=image.disk_format or "raw",
        container_format=image.container_format or "bare",
        size_bytes=image.size_bytes or 0,
        checksum=image.checksum,
        min_disk_gb=image.min_disk_gb,
        min_ram_mb=image.min_ram_mb,
        properties=image.properties,
    )


def _say_nothing(_percent: int, _step: str) -> None:
    """Nobody waits for the progress of a warm-up."""
