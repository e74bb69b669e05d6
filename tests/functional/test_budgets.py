# SPDX-License-Identifier: Apache-2.0
"""What one server costs, counted by the database and the broker themselves.

A boot: at most 40 SQL statements and 10 AMQP messages. A delete: 20 and 8.
On a network of the embedded service, requests to that among it: _NETWORKED.
Every other operation: what it costs, and a little for what happens beside
it. Heartbeats and periodic tasks are made rare.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import MariaDB
from tests.fixtures.rabbitmq import fresh_transport_url

_SERVERS = 10
_WORN = 3
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
        # Compute uploads the snapshots.
        service_user=True,
        settings={
            "DEFAULT": {
                "report_interval": _RARELY,
                "service_down_time": 3 * _RARELY,
            },
            "compute": {
                "reconcile_interval": _RARELY,
                "update_resources_interval": _RARELY,
            },
            "conductor": {
                "sweep_interval": _RARELY,
                "resend_after": 60,
                "token_cleanup_interval": _RARELY,
            },
            **clouds.NETWORKS,
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


@dataclass(frozen=True, slots=True)
class Budget:
    """An action as it is asked for, the operation that ends it, its cost."""

    action: str
    done: str
    statements: int
    messages: int
    body: Callable[[Cloud], Any] = lambda cloud: None


_OPERATIONS = (
    Budget("pause", "pause", 14, 6),
    Budget("unpause", "unpause", 14, 6),
    Budget("os-stop", "stop", 14, 6),
    Budget("os-start", "start", 14, 6),
    Budget("suspend", "suspend", 14, 6),
    Budget("resume", "resume", 14, 6),
    Budget("reboot", "soft_reboot", 17, 8, lambda cloud: {"type": "SOFT"}),
    Budget("reboot", "hard_reboot", 18, 8, lambda cloud: {"type": "HARD"}),
    Budget("rescue", "rescue", 15, 6),
    Budget("unrescue", "unrescue", 14, 6),
    Budget(
        "rebuild", "rebuild", 25, 8, lambda cloud: {"imageRef": cloud.image}
    ),
    Budget(
        "resize",
        "resize",
        56,
        23,
        lambda cloud: {"flavorRef": cloud.new_flavor("large", disk=2)},
    ),
    Budget("confirmResize", "confirm_resize", 23, 10),
    Budget(
        "createImage", "snapshot", 58, 11, lambda cloud: {"name": "snapshot"}
    ),
    Budget("shelve", "shelve", 69, 15),
    Budget("unshelve", "unshelve", 47, 12),
)


def _operate(cloud: Cloud, budget: Budget, ident: str, body: Any) -> None:
    """One operation, waited for as ``_boot`` does."""
    cloud.tenant.post(f"/servers/{ident}/action", {budget.action: body})
    wait_until(
        lambda: cloud["compute-1"].says(f"{budget.done} of {ident} done"),
        30,
        f"{budget.done} is done",
    )


def _all_operations(
    cloud: Cloud, meter: Meter, servers: list[str]
) -> Iterator[str]:
    """What costs more than it may, as lines."""
    for budget in _OPERATIONS:
        body = budget.body(cloud)
        # The first one asks what the daemons keep afterwards.
        _operate(cloud, budget, servers[0], body)

        def work(budget: Budget = budget, body: Any = body) -> None:
            for ident in servers[1:]:
                _operate(cloud, budget, ident, body)

        cost = meter.measure(work)
        times = len(servers) - 1
        line = (
            f"{budget.done}: {cost.statements / times} statements,"
            f" {cost.messages / times} messages"
        )
        print(line)
        if (
            cost.statements > budget.statements * times
            or cost.messages > budget.messages * times
        ):
            yield line


# A boot and a delete: statements and messages of each.
_NETWORKED = ((80, 11), (36, 6))


def _networked(cloud: Cloud, meter: Meter) -> list[str]:
    """What costs more than it may with a port, as lines."""
    cloud.networks = [{"uuid": cloud.new_network("counted")}]
    _delete(cloud, _boot(cloud))
    servers: list[str] = []

    def boot() -> None:
        for _ in range(_WORN):
            servers.append(_boot(cloud))

    def delete() -> None:
        for ident in servers:
            _delete(cloud, ident)

    costs = meter.measure(boot), meter.measure(delete)
    print(f"{_WORN} boots and deletes on a network: {costs}")
    cloud.networks = "none"
    return [
        f"{cost} for {_WORN}"
        for cost, (statements, messages) in zip(costs, _NETWORKED, strict=True)
        if cost.statements > statements * _WORN
        or cost.messages > messages * _WORN
    ]


def test_budgets(quiet_cloud: Cloud, meter: Meter) -> None:
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

    worn = [_boot(quiet_cloud) for _ in range(_WORN)]
    assert not list(_all_operations(quiet_cloud, meter, worn))
    assert not _networked(quiet_cloud, meter)
