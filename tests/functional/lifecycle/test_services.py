# SPDX-License-Identifier: Apache-2.0
"""Services, hypervisors, health: what an operator looks at."""

from __future__ import annotations

from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until


def test_services(cloud: Cloud) -> None:
    found = cloud.admin.get("/os-services")["services"]
    states = {(one["binary"], one["host"]): one["state"] for one in found}
    for name in cloud.computes:
        assert states["nova-compute", name] == "up"
    assert states["nova-conductor", "conductor-1"] == "up"
    assert states["nova-scheduler", "scheduler-1"] == "up"


def test_hypervisors(cloud: Cloud) -> None:
    cloud.boot("counted", cloud.admin, availability_zone="nova:compute-1")

    def running() -> bool:
        found = cloud.admin.get("/os-hypervisors/detail", version="2.87")
        by_name = {
            one["hypervisor_hostname"]: one for one in found["hypervisors"]
        }
        assert set(by_name) == set(cloud.computes)
        one = by_name["compute-1"]
        assert one["hypervisor_type"] == "fake"
        assert one["state"] == "up"
        return bool(one["running_vms"] == 1 and one["vcpus_used"] == 1)

    wait_until(running, 30, "the hypervisor counts the server")


def test_health(cloud: Cloud) -> None:
    health = Client(cloud.url).get("/healthz")
    assert "bus" in str(health)
    assert "database" in str(health)


def test_versions_need_no_token(cloud: Cloud) -> None:
    found = Client(cloud.url).send("GET", "/")
    assert found.status_code in (200, 300)
    assert any(one["id"] == "v2.1" for one in found.json()["versions"])


def test_disabled_service_gets_no_server(cloud: Cloud) -> None:
    (service,) = cloud.admin.get("/os-services?host=compute-2")["services"]
    path = f"/os-services/{service['id']}"
    cloud.admin.call("PUT", path, {"status": "disabled"})
    try:
        wait_until(
            lambda: _host_of_new(cloud) == "compute-1",
            30,
            "the scheduler has noticed",
        )
    finally:
        cloud.admin.call("PUT", path, {"status": "enabled"})
    wait_until(
        lambda: _host_of_new(cloud) == "compute-2",
        30,
        "the scheduler has noticed",
    )


def _host_of_new(cloud: Cloud) -> str:
    host: str = cloud.server(cloud.boot("placed"))["OS-EXT-SRV-ATTR:host"]
    return host
