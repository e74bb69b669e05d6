# SPDX-License-Identifier: Apache-2.0
"""Aggregates on whole clouds: zones, placement, image caches, os-hosts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

PATH = "/os-aggregates"


@contextlib.contextmanager
def aggregate(cloud: Cloud, name: str, **fields: str) -> Iterator[str]:
    """The path of an aggregate, which is emptied and removed at the end."""
    body = {"aggregate": {"name": name, **fields}}
    ident = cloud.admin.post(PATH, body)["aggregate"]["id"]
    path = f"{PATH}/{ident}"
    try:
        yield path
    finally:
        for server in cloud.admin.get("/servers?all_tenants=1")["servers"]:
            cloud.admin.delete(f"/servers/{server['id']}")
        cloud.wait_at_rest()
        for host in cloud.admin.get(path)["aggregate"]["hosts"]:
            act(cloud, path, "remove_host", host=host)
        cloud.admin.delete(path)


def act(cloud: Cloud, path: str, name: str, **fields: Any) -> Any:
    """An action that must succeed; the aggregate after it."""
    return cloud.admin.post(f"{path}/action", {name: fields})["aggregate"]


def zone_of(cloud: Cloud, host: str) -> str:
    path = f"/os-services?host={host}&binary=nova-compute"
    (service,) = cloud.admin.get(path)["services"]
    zone: str = service["zone"]
    return zone


def zones(cloud: Cloud) -> list[str]:
    found = cloud.tenant.get("/os-availability-zone")["availabilityZoneInfo"]
    return [one["zoneName"] for one in found]


def test_servers_go_to_the_zone_of_an_aggregate(cloud: Cloud) -> None:
    with aggregate(cloud, "east-hosts", availability_zone="east") as path:
        assert "east" not in zones(cloud)
        act(cloud, path, "add_host", host="compute-1")
        assert zones(cloud) == ["east", "nova"]
        assert zone_of(cloud, "compute-1") == "east"
        ident = cloud.boot("placed", availability_zone="east")
        server = cloud.server(ident)
        assert server["OS-EXT-SRV-ATTR:host"] == "compute-1"
        assert server["OS-EXT-AZ:availability_zone"] == "east"
        message = cloud.admin.refusal(
            409,
            "POST",
            f"{path}/action",
            {"remove_host": {"host": "compute-1"}},
        )
        assert "contain servers" in message
        message = cloud.admin.refusal(
            400, "PUT", path, {"aggregate": {"availability_zone": "west"}}
        )
        assert "contain servers" in message
    assert zones(cloud) == ["nova"]
    assert zone_of(cloud, "compute-1") == "nova"


def test_restart_of_a_compute_keeps_its_zone(cloud: Cloud) -> None:
    with aggregate(cloud, "kept", availability_zone="kept") as path:
        act(cloud, path, "add_host", host="compute-1")
        cloud["compute-1"].stop()
        cloud["compute-1"].start()
        cloud.wait_serving()
        assert zone_of(cloud, "compute-1") == "kept"
        cloud.boot("after", availability_zone="kept")


def test_host_gets_one_zone_of_two_that_are_asked_at_once(
    cloud: Cloud,
) -> None:
    with (
        aggregate(cloud, "up", availability_zone="up") as up,
        aggregate(cloud, "down", availability_zone="down") as down,
        ThreadPoolExecutor(2) as pool,
    ):
        body = {"add_host": {"host": "compute-1"}}
        answers = pool.map(
            lambda path: cloud.admin.send("POST", f"{path}/action", body),
            (up, down),
        )
        assert sorted(one.status_code for one in answers) == [200, 409]
        members = [
            cloud.admin.get(path)["aggregate"]["hosts"] for path in (up, down)
        ]
        assert sorted(members) == [[], ["compute-1"]]
        given = "up" if members[0] else "down"
        assert zone_of(cloud, "compute-1") == given


def test_host_with_a_fake_hypervisor_does_what_it_is_told(
    cloud: Cloud,
) -> None:
    path = "/os-hosts/compute-1"
    body = {"status": "disable", "maintenance_mode": "enable"}
    assert cloud.admin.call("PUT", path, body, version="2.42") == {
        "host": "compute-1",
        "status": "disabled",
        "maintenance_mode": "on_maintenance",
    }
    for action in ("startup", "shutdown", "reboot"):
        assert cloud.admin.get(f"{path}/{action}", version="2.42") == {
            "host": "compute-1",
            "power_action": action,
        }


@pytest.fixture(scope="module")
def own_cloud(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Computes with an account, so that they may ask for images."""
    directory = tmp_path_factory.mktemp("cloud-images")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("sqlite", directory),
        settings={
            "api": {"default_availability_zone": "home"},
            "filter_scheduler": {
                "enabled_filters": "AvailabilityZoneFilter,ComputeFilter,"
                "AggregateInstanceExtraSpecsFilter"
            },
        },
        service_user=True,
    )
    with clouds.running(made):
        yield made


def cached(cloud: Cloud, host: str) -> set[str]:
    """Images in the cache of a host with the fake driver."""
    base: Path = cloud.directory / host / "instances" / "fake" / "_base"
    return {path.name for path in base.glob("*/*")}


def test_images_are_cached_on_the_hosts(own_cloud: Cloud) -> None:
    cloud = own_cloud
    with aggregate(cloud, "warm") as path:
        act(cloud, path, "add_host", host="compute-1")
        body = {"cache": [{"id": cloud.image}]}
        cloud.admin.post(f"{path}/images", body, version="2.81")
        wait_until(
            lambda: cached(cloud, "compute-1") == {cloud.image},
            30,
            "the image is in the cache",
        )
        assert cached(cloud, "compute-2") == set()
        act(cloud, path, "add_host", host="compute-2")
        before = cloud["conductor-1"].log_size()
        cloud.admin.post(f"{path}/images", body, version="2.81")
        for text in (
            f"Image cache of compute-1: {{'{cloud.image}': 'existing'}}",
            f"Image cache of compute-2: {{'{cloud.image}': 'cached'}}",
        ):
            wait_until(
                lambda t=text: cloud["conductor-1"].says(t, before), 30, text
            )


def test_hosts_begin_in_the_default_zone_and_return_to_it(
    own_cloud: Cloud,
) -> None:
    cloud = own_cloud
    assert zones(cloud) == ["home"]
    with aggregate(cloud, "away", availability_zone="away") as path:
        act(cloud, path, "add_host", host="compute-1")
        assert zones(cloud) == ["away", "home"]
    assert zone_of(cloud, "compute-1") == "home"
    cloud.boot("at home", availability_zone="home")


def test_metadata_decides_where_a_flavor_runs(own_cloud: Cloud) -> None:
    cloud = own_cloud
    flavor = cloud.new_flavor("needs-ssd")
    cloud.admin.post(
        f"/flavors/{flavor}/os-extra_specs", {"extra_specs": {"ssd": "true"}}
    )
    with aggregate(cloud, "with-ssd") as path:
        act(cloud, path, "add_host", host="compute-2")
        act(cloud, path, "set_metadata", metadata={"ssd": "true"})
        names = [f"on-ssd-{number}" for number in range(4)]
        found = {
            cloud.server(cloud.boot(name, flavorRef=flavor))[
                "OS-EXT-SRV-ATTR:host"
            ]
            for name in names
        }
        assert found == {"compute-2"}
        act(cloud, path, "set_metadata", metadata={"ssd": None})
        ident = cloud.create("nowhere", flavorRef=flavor)
        fault = wait_until(
            lambda: cloud.server(ident).get("fault"), 30, "it fails"
        )
        assert "No valid host" in fault["message"]
