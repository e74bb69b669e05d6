# SPDX-License-Identifier: Apache-2.0
"""What becomes of each image that a host is told to fetch."""

from __future__ import annotations

from collections.abc import Callable

from nova_lite import exception
from nova_lite.compute import cache
from nova_lite.virt import driver, loader
from tests.fixtures.compute_api import IMAGE, Images
from tests.fixtures.hypervisor import ImageShelf, virt_options

__all__ = ["virt_options"]

UNKNOWN = "99999999-2222-4333-8444-555555555555"


class Refusing(driver.ComputeDriver):
    """A driver with a cache that cannot take anything, or with none."""

    error: exception.NovaLiteException

    def cache_image(
        self, image: driver.ImageSpec, progress: driver.ProgressCallback
    ) -> bool:
        raise self.error


# Nothing else of a driver is asked here.
Refusing.__abstractmethods__ = frozenset()


def test_each_image_by_itself(virt_options: Callable[..., None]) -> None:
    fake = loader.load_driver("fake", ImageShelf({}))
    first = cache.cache_images(Images(), fake, [UNKNOWN, IMAGE])
    assert first == {UNKNOWN: "error", IMAGE: "cached"}
    again = cache.cache_images(Images(), fake, [IMAGE])
    assert again == {IMAGE: "existing"}


def test_refusals() -> None:
    refusing = Refusing(ImageShelf({}))
    refusing.error = exception.NotSupported()
    found = cache.cache_images(Images(), refusing, [IMAGE])
    assert found == {IMAGE: "unsupported"}
    refusing.error = exception.DiskFull(path="/x", reason="full")
    found = cache.cache_images(Images(), refusing, [IMAGE])
    assert found == {IMAGE: "error"}
