# SPDX-License-Identifier: Apache-2.0
"""A cloud that tests may break, and what must be true after each break."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud
from tests.fixtures.database import DatabaseServer, shared_server
from tests.fixtures.rabbitmq import fresh_transport_url

SERVERS = 20
# What durability.md promises.
AT_REST_S = 60


@dataclass
class Crowd:
    """Twenty servers that are asked for while something breaks."""

    cloud: Cloud
    prefix: str
    # The status of the POST; None when the API died over it.
    answer: int | None = None

    def post(self) -> None:
        """Ask for them by one request, and remember the answer."""
        body = self.cloud.body(
            self.prefix, min_count=SERVERS, max_count=SERVERS
        )
        try:
            sent = self.cloud.tenant.send("POST", "/servers", body)
            self.answer = sent.status_code
        except requests.RequestException:
            self.answer = None

    def rows(self) -> list[dict[str, Any]]:
        """Those that are there, as the database has them."""
        return [
            row
            for row in self.cloud.ledger.servers()
            if row["display_name"].startswith(self.prefix)
        ]

    def delete(self) -> None:
        """Ask for the end of each; what gets no answer is asked again."""
        for row in self.rows():
            _insist(self.cloud, row["uuid"])

    def assert_all_active(self) -> None:
        """All twenty run; none or all when nobody promised anything."""
        self.cloud.wait_at_rest(AT_REST_S)
        rows = self.rows()
        faults = self.cloud.ledger.faults()
        failed = [
            (row["display_name"], faults.get(row["uuid"]))
            for row in rows
            if row["vm_state"] != "active"
        ]
        if self.answer is None:
            assert len(rows) in (0, SERVERS), rows
        else:
            assert self.answer == 202
            assert len(rows) == SERVERS, rows
        assert failed == []

    def assert_gone(self) -> None:
        """None is left, in whatever form."""
        self.cloud.wait_at_rest(AT_REST_S)
        assert self.rows() == []
        assert self.cloud.ledger.guests() == {}
        assert self.cloud.ledger.consumers() == set()


def _insist(cloud: Cloud, ident: str, timeout_s: float = 60) -> None:
    """DELETE, again and again while the API is away, as clients do."""

    def accepted() -> bool:
        try:
            sent = cloud.tenant.send("DELETE", f"/servers/{ident}")
        except requests.RequestException:
            return False
        assert sent.status_code in (204, 404, 503), sent.text
        return sent.status_code != 503

    clouds.wait_until(accepted, timeout_s, f"DELETE {ident} is answered")


class Later:
    """Runs something beside the test; ``join`` raises what it raised."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # handed to join()
            self._error = error

    def join(self, timeout_s: float = 120) -> None:
        """Wait for its end."""
        self._thread.join(timeout_s)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error


def break_after(
    cloud: Cloud, name: str, delay_s: float, away_s: float
) -> None:
    """kill -9 after a delay; started again after another, as supervised."""
    time.sleep(delay_s)
    cloud[name].kill()
    time.sleep(away_s)
    cloud[name].start()


@pytest.fixture(scope="module")
def breakable(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Three hosts whose builds take a while; one of each other daemon."""
    server: DatabaseServer = shared_server("mariadb")
    made = Cloud(
        tmp_path_factory.mktemp("breakable"),
        fresh_transport_url(rabbitmq),
        server.fresh_url(),
        computes=3,
        settings=SLOW_BUILDS,
    )
    with clouds.running(made):
        yield made


SLOW_BUILDS: clouds.Settings = {"fake": {"spawn_delay_s": 0.2}}


@pytest.fixture
def crowd(breakable: Cloud, request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """Servers of the breakable cloud; gone after the test."""
    made = Crowd(breakable, f"crowd-{abs(hash(request.node.name)) % 10**8}-")
    yield made
    for one in breakable.daemons.values():
        if not one.is_running():
            one.start()
    breakable.wait_serving()
    made.delete()
    breakable.wait_at_rest(AT_REST_S)
