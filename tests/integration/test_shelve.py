# SPDX-License-Identifier: Apache-2.0
"""A real guest goes into an image, off its host, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from nova_lite.virt.libvirt.storage import backing
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.libvirtd import public_directory
from tests.fixtures.rabbitmq import fresh_transport_url
from tests.integration.test_snapshot import Inside, guests

pytestmark = pytest.mark.integration
__all__ = ["guests"]


@pytest.fixture(scope="module")
def real_cloud(
    rabbitmq: RabbitNode, libvirtd: str, linux_image: Path
) -> Iterator[Cloud]:
    """One host that forgets unused images at once."""
    with public_directory() as directory:
        made = Cloud(
            directory,
            fresh_transport_url(rabbitmq),
            fresh_database("sqlite", directory),
            computes=1,
            settings={
                "DEFAULT": {"compute_driver": "libvirt"},
                "libvirt": {"virt_type": "qemu", "connection_uri": libvirtd},
                "image_cache": {
                    "manager_interval": 1,
                    "remove_unused_original_minimum_age_seconds": 0,
                },
            },
            service_user=True,
        )
        with clouds.running(made):
            made.image = made.admin.upload_image(
                "linux",
                linux_image.read_bytes(),
                disk_format="qcow2",
                hw_qemu_guest_agent="yes",
            )
            made.flavor = made.new_flavor("linux", ram=128, disk=0)
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
    wait_until(lambda: not list(base.iterdir()), 30, "the cache is empty")

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
    wait_until(lambda: not list(base.iterdir()), 30, "the cache is empty")
