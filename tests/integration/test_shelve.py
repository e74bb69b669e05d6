# SPDX-License-Identifier: Apache-2.0
"""A real guest goes into an image, off its host, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from nova_lite.virt.libvirt.storage import backing
from tests.fixtures import real_cloud as real_clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.integration.test_snapshot import Inside, guests

pytestmark = pytest.mark.integration
__all__ = ["guests"]


@pytest.fixture(scope="module")
def real_cloud(
    rabbitmq: RabbitNode, libvirtd: str, linux_image: Path
) -> Iterator[Cloud]:
    """One host that forgets unused images at once."""
    cleaning = {
        "manager_interval": 1,
        "remove_unused_original_minimum_age_seconds": 0,
    }
    with real_clouds.running(
        rabbitmq, libvirtd, {"image_cache": cleaning}
    ) as made:
        real_clouds.use_linux(made, linux_image)
        yield made


def _wait(cloud: Cloud, ident: str, status: str) -> dict[str, Any]:
    cloud.wait_status(ident, status, 120)
    wait_until(
        lambda: cloud.server(ident)["OS-EXT-STS:task_state"] is None,
        60,
        "the server is idle",
    )
    return cloud.server(ident)


def _images(cloud: Cloud, ident: str) -> list[dict[str, Any]]:
    path = f"/image/v2/images?instance_uuid={ident}"
    found: list[dict[str, Any]] = cloud.admin.get(path)["images"]
    return found


@pytest.mark.timeout(400)
def test_what_a_guest_wrote_comes_back(real_cloud: Cloud, guests: Any) -> None:
    """Its disk leaves the host as an image, the image when it is back.

    The cached copy stays below the new disk and goes with it.
    """
    cloud = real_cloud
    ident = cloud.boot("shelved")
    instances = cloud.directory / "compute-1" / "instances"
    inside: Inside = guests(ident)
    inside.run("echo proof > /data/proof; sync")
    action = f"/servers/{ident}/action"

    cloud.tenant.call("POST", action, {"shelve": None})
    server = _wait(cloud, ident, "SHELVED_OFFLOADED")
    assert server["OS-EXT-SRV-ATTR:host"] is None
    assert not (instances / ident).exists()
    (image,) = _images(cloud, ident)
    assert (image["status"], image["disk_format"]) == ("active", "qcow2")
    base = instances / "_base"
    wait_until(lambda: not list(base.iterdir()), 60, "the cache is empty")

    cloud.tenant.call("POST", action, {"unshelve": None})
    _wait(cloud, ident, "ACTIVE")
    other: Inside = guests(ident)
    assert other.run("cat /data/proof") == "proof\n"
    assert other.run("cat /data/boots") == "2\n"
    assert _images(cloud, ident) == []
    assert backing.images_in_use(str(instances)) == {image["id"]}
    assert (base / image["id"]).exists()

    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    wait_until(lambda: not list(base.iterdir()), 60, "the cache is empty")
