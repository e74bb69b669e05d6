# SPDX-License-Identifier: Apache-2.0
"""Real guests that end without being asked to; their servers follow."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_lite.compute import power_state
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import real_cloud as real_clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.relay import Relay

pytestmark = pytest.mark.integration

# What a user waits at most for the truth.
_SOON_S = 2.0
# Libvirt's events tell it. What else would find it out, comes later.
_LATER = {
    "compute": {"reconcile_interval": 3600},
    "DEFAULT": {
        "compute_driver": "libvirt",
        "sync_power_state_interval": 3600,
    },
}


@pytest.fixture(scope="module")
def relay(libvirtd: str) -> Iterator[Relay]:
    """What the cloud takes for libvirtd."""
    with tempfile.TemporaryDirectory(prefix="nlr-") as directory:
        made = Relay(Path(directory) / "sock", "/run/libvirt/libvirt-sock")
        made.start()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def cloud(
    rabbitmq: RabbitNode, relay: Relay, tick_image: Path
) -> Iterator[Cloud]:
    """One host with QEMU guests."""
    uri = f"qemu+unix:///system?socket={relay.path}"
    with real_clouds.running(rabbitmq, uri, _LATER) as made:
        real_clouds.use_tick(made, tick_image)
        yield made


def _virsh(libvirtd: str, *words: str) -> str:
    done = subprocess.run(
        ["virsh", "-c", libvirtd, *words],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def server(cloud: Cloud) -> Iterator[str]:
    """A server whose guest has begun to talk."""
    ident = cloud.boot("self-willed")
    path = f"/servers/{ident}/action"

    def talks() -> bool:
        found = cloud.tenant.post(path, {"os-getConsoleOutput": {}})
        return "TICK up" in found["output"]

    wait_until(talks, 60, "the guest talks")
    yield ident
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)


def _power_itself_off(libvirtd: str, ident: str) -> None:
    """The tick guest does when it reads a q; return when it is off."""
    terminal = os.open(
        _virsh(libvirtd, "ttyconsole", ident), os.O_WRONLY | os.O_NOCTTY
    )
    try:
        # QEMU reads a terminal only while somebody has it open.
        os.write(terminal, b"q")
        wait_until(
            lambda: _virsh(libvirtd, "domstate", ident) == "shut off",
            60,
            "the guest is off",
        )
    finally:
        os.close(terminal)


def _action(cloud: Cloud, ident: str, name: str) -> dict[str, Any]:
    path = f"/servers/{ident}/os-instance-actions"
    (found,) = (
        one
        for one in cloud.admin.get(path)["instanceActions"]
        if one["action"] == name
    )
    return dict(found)


def test_guest_that_powers_itself_off(
    cloud: Cloud, libvirtd: str, server: str
) -> None:
    _power_itself_off(libvirtd, server)
    found = cloud.wait_status(server, "SHUTOFF", _SOON_S)
    assert found["OS-EXT-STS:power_state"] == power_state.SHUTDOWN
    assert found["OS-EXT-STS:task_state"] is None
    assert _action(cloud, server, "stop")["user_id"] is None
    assert cloud["compute-1"].says(f"{server}: The guest was shut down")


def test_domain_destroyed_and_undefined(
    cloud: Cloud, libvirtd: str, server: str
) -> None:
    _virsh(libvirtd, "destroy", server)
    cloud.wait_status(server, "SHUTOFF", _SOON_S)
    _virsh(libvirtd, "undefine", server)
    wait_until(
        lambda: (
            cloud.server(server)["OS-EXT-STS:power_state"]
            == power_state.NOSTATE
        ),
        _SOON_S,
        "it is noticed",
    )
    (event,) = cloud.event_results(server, "sync_power_state")
    assert "gone from its host" in event["details"]
    # Its disk is there, so it can be had back.
    path = f"/servers/{server}/action"
    cloud.tenant.send("POST", path, {"os-start": None})
    cloud.wait_status(server, "ACTIVE")


def test_domain_removed_at_once(
    cloud: Cloud, libvirtd: str, server: str
) -> None:
    """Undefined before, or while, it is looked at for its end."""
    _virsh(libvirtd, "destroy", server)
    _virsh(libvirtd, "undefine", server)
    wait_until(
        lambda: (
            cloud.server(server)["OS-EXT-STS:power_state"]
            == power_state.NOSTATE
        ),
        _SOON_S,
        "it is noticed",
    )
    assert _action(cloud, server, "sync_power_state")["message"] == "Error"


def test_guest_paused_behind_our_back(
    cloud: Cloud, libvirtd: str, server: str
) -> None:
    for verb, state in (
        ("suspend", power_state.PAUSED),
        ("resume", power_state.RUNNING),
    ):
        _virsh(libvirtd, verb, server)
        wait_until(
            lambda wanted=state: (
                cloud.server(server)["OS-EXT-STS:power_state"] == wanted
            ),
            _SOON_S,
            f"{verb} is noticed",
        )
        assert cloud.server(server)["status"] == "ACTIVE"


def test_guest_that_ends_while_libvirtd_is_away(
    cloud: Cloud, libvirtd: str, server: str, relay: Relay
) -> None:
    relay.stop()
    try:
        _power_itself_off(libvirtd, server)
        assert cloud.server(server)["status"] == "ACTIVE"
    finally:
        relay.start()
    # libvirt is tried again each 10 s at the latest.
    cloud.wait_status(server, "SHUTOFF", 20)
