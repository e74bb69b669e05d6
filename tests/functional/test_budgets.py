# SPDX-License-Identifier: Apache-2.0
"""What one server costs, counted by the database and the broker themselves.

A boot: at most 40 SQL statements and 10 AMQP messages. A delete: 20 and 8.
Heartbeats and periodic tasks are made rare for it, and what an idle cloud
does is measured and taken off.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import MariaDB
from tests.fixtures.rabbitmq import fresh_transport_url

_SERVERS = 10
_RARELY = 300
_COUNTER = (
    "maps:get(messages_received_total, maps:get([{protocol,amqp091}], "
    "rabbit_global_counters:overview()))"
)


@dataclass(frozen=True, slots=True)
class Count:
    """Statements and messages."""

    statements: int
    messages: int


class Meter:
    """Reads both servers' counters."""

    def __init__(self, mariadb: MariaDB, rabbitmq: RabbitNode) -> None:
        self._connection = pymysql.connect(
            host="127.0.0.1", port=mariadb.port, user="root"
        )
        self._rabbitmq = rabbitmq

    def read(self) -> Count:
        """The counters now."""
        with self._connection.cursor() as cursor:
            # Every question of every client, BEGIN and COMMIT among them.
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
            ((_, questions),) = cursor.fetchall()
        return Count(int(questions), self._messages())

    def _messages(self) -> int:
        done = subprocess.run(
            ["erl_call", "-sname", self._rabbitmq.identity.node, "-e"],
            input=f"{_COUNTER}.\n".encode(),
            env=self._rabbitmq._environment(),
            capture_output=True,
            timeout=60,
        )
        found = re.search(rb"\{ok, *(\d+)\}", done.stdout)
        assert found, done.stdout + done.stderr
        return int(found[1])

    def measure(self, work: Callable[[], None]) -> Count:
        """What some work costs, beside the reading itself."""
        before = self.read()
        work()
        after = self.read()
        return Count(
            after.statements - before.statements - 1,
            after.messages - before.messages,
        )

    def statements(self, work: Callable[[], None]) -> list[str]:
        """What the database is asked during some work."""
        with self._connection.cursor() as cursor:
            cursor.execute("SET GLOBAL log_output = 'TABLE'")
            cursor.execute("TRUNCATE mysql.general_log")
            cursor.execute("SET GLOBAL general_log = ON")
            work()
            cursor.execute("SET GLOBAL general_log = OFF")
            cursor.execute(
                "SELECT argument FROM mysql.general_log"
                " WHERE command_type = 'Query' ORDER BY event_time"
            )
            return [str(row[0])[:200] for row in cursor.fetchall()]

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


@pytest.fixture
def quiet_cloud(
    own_mariadb: MariaDB, own_rabbitmq: RabbitNode, tmp_path: Path
) -> Iterator[Cloud]:
    """A cloud on servers of its own, which does nothing by itself."""
    made = Cloud(
        tmp_path,
        fresh_transport_url(own_rabbitmq),
        own_mariadb.fresh_url(),
        computes=1,
        settings={
            "DEFAULT": {
                "report_interval": _RARELY,
                "service_down_time": 3 * _RARELY,
            },
            "compute": {
                "reconcile_interval": _RARELY,
                "update_resources_interval": _RARELY,
            },
            "conductor": {"sweep_interval": _RARELY, "resend_after": 60},
            # Far off, yet limits: a boot costs what it does with quotas.
            "quota": {"instances": 1000, "cores": 1000, "ram": 1000000},
        },
    )
    with clouds.running(made):
        yield made


@pytest.fixture
def meter(own_mariadb: MariaDB, own_rabbitmq: RabbitNode) -> Iterator[Meter]:
    """The counters of the quiet cloud's servers."""
    made = Meter(own_mariadb, own_rabbitmq)
    yield made
    made.close()


def _boot(cloud: Cloud) -> str:
    """A server, waited for without a question to the database."""
    compute = cloud["compute-1"]
    ident = cloud.create("counted")
    wait_until(lambda: compute.says(f"build of {ident} done"), 30, "built")
    return ident


def _delete(cloud: Cloud, ident: str) -> None:
    compute = cloud["compute-1"]
    cloud.tenant.delete(f"/servers/{ident}")
    wait_until(lambda: compute.says(f"delete of {ident} done"), 30, "deleted")


def _settle(meter: Meter) -> None:
    """Wait until the daemons have done what they do after a start."""

    def silent() -> bool:
        count = meter.measure(lambda: time.sleep(0.5))
        return count.statements == 0 and count.messages == 0

    wait_until(silent, 60, "the cloud is silent")


def test_boot_and_delete(quiet_cloud: Cloud, meter: Meter) -> None:
    # The first one fills the caches of the daemons.
    _delete(quiet_cloud, _boot(quiet_cloud))
    _settle(meter)
    servers: list[str] = []

    def boot() -> None:
        for _ in range(_SERVERS):
            servers.append(_boot(quiet_cloud))

    def delete() -> None:
        for ident in servers:
            _delete(quiet_cloud, ident)

    booted, deleted = meter.measure(boot), meter.measure(delete)

    print(f"{_SERVERS} boots: {booted}, {_SERVERS} deletes: {deleted}")
    for count, statements, messages in (
        (booted, 40, 10),
        (deleted, 20, 8),
    ):
        if count.statements > statements * _SERVERS:
            asked = meter.statements(
                lambda: _delete(quiet_cloud, _boot(quiet_cloud))
            )
            pytest.fail(f"{count} for {_SERVERS}:\n" + "\n".join(asked))
        assert count.messages <= messages * _SERVERS
