# SPDX-License-Identifier: Apache-2.0
"""The broker or the database goes away in the middle of the work."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import servers
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import DatabaseServer, MariaDB
from tests.fixtures.rabbitmq import discard, fresh_transport_url, stop_for
from tests.integration.faults.conftest import (
    SERVERS,
    SLOW_BUILDS,
    Crowd,
    Later,
)

# An answer within this time is one that a user waits for.
_PATIENCE_S = 5.0


@dataclass
class Breakable:
    """A cloud on a broker and a database that a test may stop."""

    cloud: Cloud
    broker: RabbitNode
    database: DatabaseServer


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def own(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Breakable]:
    """Servers and a cloud of this module's own, for each kind of thread."""
    base = servers.base_directory()
    broker = RabbitNode(base / f"rabbitmq-outages-{request.param}")
    database = MariaDB(base / f"mariadb-outages-{request.param}")
    try:
        broker.start()
        database.start()
        made = Cloud(
            tmp_path_factory.mktemp("outages"),
            fresh_transport_url(broker),
            database.fresh_url(),
            concurrency=request.param,
            settings=SLOW_BUILDS,
        )
        with clouds.running(made):
            yield Breakable(made, broker, database)
    finally:
        discard(broker)
        database.discard()


def _stop_until(
    broker: RabbitNode, seconds: float, asked: threading.Event
) -> None:
    """Take the broker away for at least ``seconds``, and until asked."""
    broker.stop()
    time.sleep(seconds)
    asked.wait(120)
    broker.start()


def test_broker_away_for_ten_seconds(own: Breakable) -> None:
    before, during = Crowd(own.cloud, "before-"), Crowd(own.cloud, "during-")
    before.post()
    asked = threading.Event()
    outage = Later(lambda: _stop_until(own.broker, 10, asked))
    try:
        wait_until(
            lambda: not own.broker.is_running(), 60, "the broker is down"
        )
        # It comes back after the answers: they do not wait for it.
        assert _seconds(lambda: own.cloud.tenant.get("/servers/detail")) < (
            _PATIENCE_S
        )
        assert _seconds(during.post) < _PATIENCE_S
        assert during.answer == 202
        shown = own.cloud.tenant.get("/servers?name=during-")["servers"]
        assert len(shown) == SERVERS
        assert not own.broker.is_running(), "it was all during the outage"
    finally:
        asked.set()

    outage.join()
    before.assert_all_active()
    during.assert_all_active()
    own.cloud.wait_serving()

    before.delete()
    outage = Later(lambda: stop_for(own.broker, 1))
    during.delete()
    outage.join()
    before.assert_gone()
    during.assert_gone()


def test_database_restarted(own: Breakable) -> None:
    crowd = Crowd(own.cloud, "crowd-")
    crowd.post()
    own.database.restart()
    crowd.assert_all_active()

    restart = Later(own.database.restart)
    crowd.delete()
    restart.join()
    crowd.assert_gone()


def test_database_away_for_a_while(own: Breakable) -> None:
    """Longer than a daemon tries again; a user gets a sentence meanwhile."""
    crowd = Crowd(own.cloud, "crowd-")
    crowd.post()
    own.database.stop()
    try:
        answer = own.cloud.tenant.send("GET", "/servers")
        assert answer.status_code == 503, answer.text
        assert "Traceback" not in answer.text
    finally:
        own.database.start()
    crowd.assert_all_active()
    crowd.delete()
    crowd.assert_gone()


def _seconds(work: Callable[[], object]) -> float:
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
