# SPDX-License-Identifier: Apache-2.0
"""Images of real guests: what they have written is in them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import libvirt_qemu
import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import real_cloud as real_clouds
from tests.fixtures.cloud import Cloud, wait_until

pytestmark = pytest.mark.integration

BOOT_S = 120


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests say what shall happen at a point."""
    return tmp_path_factory.mktemp("orders")


@pytest.fixture(scope="module")
def real_cloud(
    rabbitmq: RabbitNode, libvirtd: str, linux_image: Path, orders: Path
) -> Iterator[Cloud]:
    """One host, and an image that demands frozen file systems."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOVA_LITE_FAULT_POINTS", str(orders))
        with real_clouds.running(rabbitmq, libvirtd) as made:
            real_clouds.use_linux(made, linux_image, os_require_quiesce="yes")
            yield made


class Inside:
    """What the agent in a guest does."""

    def __init__(self, uri: str, ident: str) -> None:
        self._connection = libvirt.open(uri)
        self._domain = self._connection.lookupByUUIDString(ident)

    def close(self) -> None:
        self._connection.close()

    def ask(self, command: str, **arguments: Any) -> Any:
        text = json.dumps({"execute": command, "arguments": arguments})
        answer = libvirt_qemu.qemuAgentCommand(self._domain, text, 60, 0)
        return json.loads(answer)["return"]

    def is_there(self) -> bool:
        try:
            self.ask("guest-ping")
        except libvirt.libvirtError:
            return False
        return True

    def run(self, script: str) -> str:
        """Run a shell's script; what it printed."""
        pid = self.ask(
            "guest-exec",
            **{
                "path": "/bin/sh",
                "arg": ["-c", script],
                "capture-output": True,
            },
        )["pid"]
        done = wait_until(
            lambda: (
                (found := self.ask("guest-exec-status", pid=pid))["exited"]
                and found
            ),
            60,
            script,
        )
        assert done["exitcode"] == 0, done
        return base64.b64decode(done.get("out-data", "")).decode()


@pytest.fixture
def guests(libvirtd: str) -> Iterator[Any]:
    """Opens the inside of guests, when their agents answer."""
    opened: list[Inside] = []

    def enter(ident: str) -> Inside:
        inside = Inside(libvirtd, ident)
        opened.append(inside)
        wait_until(inside.is_there, BOOT_S, f"the agent of {ident} answers")
        return inside

    yield enter
    for one in opened:
        one.close()


def _snapshot(cloud: Cloud, ident: str, name: str) -> str:
    answer = cloud.tenant.post(
        f"/servers/{ident}/action", {"createImage": {"name": name}}
    )
    image_id: str = answer["image_id"]
    return image_id


def _wait_active(cloud: Cloud, ident: str, image_id: str) -> dict[str, Any]:
    wait_until(
        lambda: cloud.server(ident)["OS-EXT-STS:task_state"] is None,
        120,
        "the server is idle",
    )
    found: dict[str, Any] = cloud.admin.get(f"/image/v2/images/{image_id}")
    assert found["status"] == "active", cloud.event_results(
        ident, "createImage"
    )
    return found


def test_live_snapshot_has_what_the_guest_wrote(
    real_cloud: Cloud, guests: Any, orders: Path
) -> None:
    """The guest goes on; a kill -9 in the upload costs nothing but time."""
    cloud = real_cloud
    ident = cloud.boot("writer")
    inside = guests(ident)
    inside.run("echo proof > /data/proof")
    boot_id = inside.run("cat /proc/sys/kernel/random/boot_id")

    (orders / "snapshot.sending").write_text("kill")
    image_id = _snapshot(cloud, ident, "live")
    compute = cloud["compute-1"]
    wait_until(lambda: not compute.is_running(), 60, "it is killed")
    compute.start()
    image = _wait_active(cloud, ident, image_id)
    assert (image["disk_format"], image["owner"]) == (
        "qcow2",
        cloud.server(ident)["tenant_id"],
    )

    # It never stopped, and its file systems are not frozen any more.
    assert inside.run("cat /proc/sys/kernel/random/boot_id") == boot_id
    assert inside.ask("guest-fsfreeze-status") == "thawed"
    inside.run("echo later >> /data/proof; sync")
    instances = cloud.directory / "compute-1" / "instances"
    assert not list((instances / "snapshots").glob("*/*"))

    copy = cloud.boot("reader", imageRef=image_id)
    other = guests(copy)
    assert other.run("cat /data/proof") == "proof\n"
    assert other.run("cat /data/boots") == "2\n"
    for one in (ident, copy):
        cloud.tenant.delete(f"/servers/{one}")
        cloud.wait_gone(one)
