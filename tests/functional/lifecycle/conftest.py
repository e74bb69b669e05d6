# SPDX-License-Identifier: Apache-2.0
"""The clouds that these tests run against, one after another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nova_lite.supervisor import system
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import consoles
from tests.fixtures.cloud import Cloud
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

_NEUTRON = "/network/v2.0"
# Every database, and both kinds of thread.
_KINDS = [
    ("sqlite", "eventlet"),
    ("mariadb", "threading"),
    ("postgresql", "eventlet"),
]

# compute-2 has the most room, so it is the first choice for every server;
# those named so fail there, or on every host.
_BY_DAEMON: dict[str, clouds.Settings] = {
    "compute-1": {
        "fake": {
            "fail_spawn": "everywhere",
            "fail_snapshot": "unshot",
            "deaf": "deaf",
            "no_agent": "agentless",
        },
        "libvirt": {"wait_soft_reboot_seconds": 1},
    },
    "compute-2": {
        "fake": {
            "fail_spawn": "everywhere|elsewhere",
            "fail_snapshot": "unshot",
            "deaf": "deaf",
            "no_agent": "agentless",
            "memory_mb": 1048576,
            "vcpus": 256,
            "local_gb": 40960,
        }
    },
    "compute-slow": {
        "DEFAULT": {"instance_usage_audit": True},
        "fake": {"spawn_delay_s": 1.5, "snapshot_delay_s": 60},
    },
}


@pytest.fixture(
    scope="package", params=_KINDS, ids=lambda kind: "-".join(kind)
)
def cloud(
    request: pytest.FixtureRequest,
    rabbitmq: RabbitNode,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cloud]:
    """Two hosts for all, and a slow one that only forced servers get."""
    database, concurrency = request.param
    directory = tmp_path_factory.mktemp(f"cloud-{database}")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database(database, directory),
        concurrency=concurrency,
        settings={
            "filter_scheduler": {"build_failure_weight_multiplier": 0},
            **consoles.settings(),
            # lifecycle/test_events.py opens as many as there may be.
            "api": {
                **clouds.NETWORKS["api"],
                "metadata": True,
                "metadata_port": system.free_port(),
                "event_streams": 110,
                "event_streams_per_project": 100,
                "event_poll_interval_s": 0.1,
            },
            "neutron": {
                "service_metadata_proxy": True,
                "metadata_proxy_shared_secret": clouds.METADATA_SECRET,
            },
        },
        by_daemon=_BY_DAEMON,
        more_computes=["compute-slow"],
        service_user=True,
    )
    with clouds.running(made):
        _disable(made, "compute-slow")
        yield made


def _disable(cloud: Cloud, host: str) -> None:
    """Let the scheduler choose the host no more, unless it is forced."""
    path = "/os-services"
    (service,) = cloud.admin.get(f"{path}?host={host}")["services"]
    cloud.admin.call(
        "PUT",
        f"{path}/{service['id']}",
        {"status": "disabled", "disabled_reason": "slow"},
    )


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Remove each test's servers; nothing of theirs may be left."""
    yield
    if "cloud" not in request.fixturenames:
        return
    cloud: Cloud = request.getfixturevalue("cloud")
    for server in cloud.admin.get("/servers?all_tenants=1")["servers"]:
        # One that the test itself has deleted may just have gone.
        gone = cloud.admin.send("DELETE", f"/servers/{server['id']}")
        assert gone.status_code in (204, 404), gone.text
    cloud.wait_at_rest()
    assert not cloud.ledger.servers()
    assert not cloud.ledger.guests()


@pytest.fixture
def net(cloud: Cloud) -> Iterator[str]:
    """A network of the tenant; its ports go before it."""
    ident = cloud.new_network("blue")
    yield ident
    for server in cloud.admin.get("/servers?all_tenants=1")["servers"]:
        cloud.admin.send("DELETE", f"/servers/{server['id']}")
    cloud.wait_at_rest()
    for port in cloud.ledger.ports().values():
        if port["network_id"] == ident:
            cloud.admin.send("DELETE", f"{_NEUTRON}/ports/{port['id']}")
    cloud.admin.delete(f"{_NEUTRON}/networks/{ident}")
