# SPDX-License-Identifier: Apache-2.0
"""The broker or the database goes away in the middle of the work."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import DatabaseServer
from tests.fixtures.rabbitmq import fresh_transport_url, stop_for
from tests.integration.faults.conftest import (
    SERVERS,
    SLOW_BUILDS,
    Crowd,
    Later,
)

# An answer within this time is one that a user waits for.
_PATIENCE_S = 5.0


@pytest.fixture(params=["eventlet", "threading"])
def own_cloud(
    request: pytest.FixtureRequest,
    own_rabbitmq: RabbitNode,
    own_mariadb: DatabaseServer,
    tmp_path: Path,
) -> Iterator[Cloud]:
    """A cloud on a broker and a database that the test may stop."""
    made = Cloud(
        tmp_path,
        fresh_transport_url(own_rabbitmq),
        own_mariadb.fresh_url(),
        concurrency=request.param,
        settings=SLOW_BUILDS,
    )
    with clouds.running(made):
        yield made


def test_broker_away_for_ten_seconds(
    own_cloud: Cloud, own_rabbitmq: RabbitNode
) -> None:
    before, during = Crowd(own_cloud, "before-"), Crowd(own_cloud, "during-")
    before.post()
    outage = Later(lambda: stop_for(own_rabbitmq, 10))
    wait_until(lambda: not own_rabbitmq.is_running(), 20, "the broker is down")
    assert _seconds(lambda: own_cloud.tenant.get("/servers/detail")) < (
        _PATIENCE_S
    )
    assert _seconds(during.post) < _PATIENCE_S
    assert during.answer == 202
    shown = own_cloud.tenant.get("/servers?name=during-")["servers"]
    assert len(shown) == SERVERS
    assert not own_rabbitmq.is_running(), "it was all during the outage"

    outage.join()
    before.assert_all_active()
    during.assert_all_active()
    own_cloud.wait_serving()

    before.delete()
    outage = Later(lambda: stop_for(own_rabbitmq, 1))
    during.delete()
    outage.join()
    before.assert_gone()
    during.assert_gone()


def test_database_restarted(
    own_cloud: Cloud, own_mariadb: DatabaseServer
) -> None:
    crowd = Crowd(own_cloud, "crowd-")
    crowd.post()
    own_mariadb.restart()
    crowd.assert_all_active()

    restart = Later(own_mariadb.restart)
    crowd.delete()
    restart.join()
    crowd.assert_gone()


def test_database_away_for_a_while(
    own_cloud: Cloud, own_mariadb: DatabaseServer
) -> None:
    """Longer than a daemon tries again; a user gets a sentence meanwhile."""
    crowd = Crowd(own_cloud, "crowd-")
    crowd.post()
    own_mariadb.stop()
    try:
        answer = own_cloud.tenant.send("GET", "/servers")
        assert answer.status_code == 503, answer.text
        assert "Traceback" not in answer.text
    finally:
        own_mariadb.start()
    crowd.assert_all_active()
    crowd.delete()
    crowd.assert_gone()


def _seconds(work: object) -> float:
    assert callable(work)
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_several_of_each_and_one_dies(
    rabbitmq: RabbitNode, mariadb: DatabaseServer, tmp_path: Path
) -> None:
    """Two conductors, two schedulers; a host never takes more than it has."""
    made = Cloud(
        tmp_path,
        fresh_transport_url(rabbitmq),
        mariadb.fresh_url(),
        computes=2,
        conductors=2,
        schedulers=2,
        # Room for ten servers on each host: all twenty just fit.
        settings={
            **SLOW_BUILDS,
            "fake": {
                "spawn_delay_s": 0.2,
                "vcpus": 10,
                "memory_mb": 512 + 640,
                "local_gb": 10,
            },
            "compute": {
                "cpu_allocation_ratio": 1.0,
                "reconcile_interval": 2,
                "update_resources_interval": 5,
            },
        },
    )
    with clouds.running(made):
        crowd = Crowd(made, "crowd-")
        posts = [
            Later(functools.partial(_ask_for_one, made, f"crowd-{number}"))
            for number in range(SERVERS)
        ]
        made["conductor-2"].kill()
        made["scheduler-2"].kill()
        for post in posts:
            post.join()
        crowd.answer = 202
        crowd.assert_all_active()
        hosts = [row["host"] for row in crowd.rows()]
        assert sorted({host: hosts.count(host) for host in hosts}) == (
            made.computes
        )
        assert all(hosts.count(host) == 10 for host in made.computes)
        crowd.delete()
        crowd.assert_gone()


def _ask_for_one(cloud: Cloud, name: str) -> None:
    sent = requests.post(
        f"{cloud.url}/v2.1/servers",
        json=cloud.body(name),
        headers={
            "X-Auth-Token": cloud.tenant.token or "",
            "OpenStack-API-Version": "compute 2.96",
        },
        timeout=60,
    )
    assert sent.status_code == 202, sent.text
