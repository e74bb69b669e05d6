# SPDX-License-Identifier: Apache-2.0
"""kill -9 of nova-lite-compute while it makes and removes real guests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import real_cloud as real_clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.integration.faults.conftest import AT_REST_S, Later, break_after

_COUNT = 4


@pytest.fixture(scope="module")
def real_cloud(
    rabbitmq: RabbitNode, libvirtd: str, tick_image: Path
) -> Iterator[Cloud]:
    """One host with QEMU guests, and the tick guest's image."""
    with real_clouds.running(rabbitmq, libvirtd) as made:
        real_clouds.use_tick(made, tick_image)
        yield made


def _domains(uri: str) -> list[str]:
    """uuids of all domains that libvirt knows, running or not."""
    done = subprocess.run(
        ["virsh", "-c", uri, "list", "--all", "--uuid"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


def _directories(cloud: Cloud) -> list[str]:
    """Directories of guests' disks."""
    root = cloud.directory / "compute-1" / "instances"
    return [
        path.name
        for path in root.iterdir()
        if path.is_dir() and len(path.name) == 36
    ]


def _ask(cloud: Cloud) -> list[str]:
    cloud.create("real", min_count=_COUNT, max_count=_COUNT)
    return [row["uuid"] for row in cloud.ledger.servers()]


def _assert_active(cloud: Cloud, uri: str, idents: list[str]) -> None:
    """All run, once each, with their disks; and nothing else is there."""
    wait_until(
        lambda: (
            not cloud.ledger.open_actions()
            and {row["vm_state"] for row in cloud.ledger.servers()}
            == {"active"}
        ),
        AT_REST_S,
        f"all are ACTIVE: {cloud.ledger.servers()}",
    )
    known = set(_domains(uri))
    assert set(idents) <= known
    assert sorted(_directories(cloud)) == sorted(idents)
    assert cloud.ledger.consumers() == set(idents)


def _assert_gone(cloud: Cloud, uri: str, idents: list[str]) -> None:
    """No server, no domain, no directory, no allocation."""
    wait_until(
        lambda: not cloud.ledger.open_actions() and not cloud.ledger.servers(),
        AT_REST_S,
        "all are gone",
    )
    wait_until(
        lambda: not _directories(cloud) and not set(idents) & {*_domains(uri)},
        AT_REST_S,
        f"nothing is left of {idents}",
    )
    assert cloud.ledger.consumers() == set()


@pytest.mark.parametrize("delay_s", [0.1, 0.5, 1.2])
def test_compute_killed(
    real_cloud: Cloud, libvirtd: str, delay_s: float
) -> None:
    idents = _ask(real_cloud)
    break_after(real_cloud, "compute-1", delay_s, 0)
    real_cloud.wait_serving()
    _assert_active(real_cloud, libvirtd, idents)
    path = f"/servers/{idents[0]}/action"

    def console() -> str:
        found = real_cloud.tenant.post(path, {"os-getConsoleOutput": {}})
        text: str = found["output"]
        return text

    wait_until(lambda: "TICK up" in console(), 60, "the guest speaks")

    breaking = Later(
        lambda: break_after(real_cloud, "compute-1", delay_s / 4, 0)
    )
    for ident in idents:
        real_cloud.tenant.delete(f"/servers/{ident}")
    breaking.join()
    _assert_gone(real_cloud, libvirtd, idents)


def test_compute_killed_in_a_delete_of_builds(
    real_cloud: Cloud, libvirtd: str
) -> None:
    idents = _ask(real_cloud)
    breaking = Later(lambda: break_after(real_cloud, "compute-1", 0.4, 1))
    for ident in idents:
        real_cloud.tenant.delete(f"/servers/{ident}")
    breaking.join()
    _assert_gone(real_cloud, libvirtd, idents)
