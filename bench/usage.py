# SPDX-License-Identifier: Apache-2.0
"""What processes and servers have used: CPU, memory, SQL, AMQP."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pymysql

from nova_lite.supervisor.rabbitmq import RabbitNode

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_MESSAGES = (
    "maps:get(messages_received_total, maps:get([{protocol,amqp091}], "
    "rabbit_global_counters:overview()))"
)


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of CPU that processes and their children have used."""
    return sum(max(_ticks(pid), _nanoseconds(pid)) for pid in pids)


def _ticks(pid: int) -> float:
    """With threads that have ended, in steps of a clock tick."""
    text = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1]
    return sum(int(field) for field in text.split()[11:15]) * _TICK_S


def _nanoseconds(pid: int) -> float:
    """Exact, without threads that have ended."""
    return (
        sum(
            int((task / "schedstat").read_text().split()[0])
            for task in Path(f"/proc/{pid}/task").iterdir()
        )
        / 1e9
    )


def pss_mib(pids: Iterable[int]) -> float:
    """Memory of processes, where shared pages count in parts."""
    text = "".join(
        Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids
    )
    return sum(int(n) for n in re.findall(r"^Pss: +(\d+)", text, re.M)) / 1024


@dataclass(frozen=True, slots=True)
class Count:
    """SQL statements and AMQP messages."""

    sql: float
    amqp: float

    def per(self, what: float) -> Count:
        """The same for one of ``what``."""
        return Count(self.sql / what, self.amqp / what)

    def since(self, earlier: Count) -> Count:
        """What came after ``earlier``, which was read in one statement."""
        return Count(self.sql - earlier.sql - 1, self.amqp - earlier.amqp)


class Counters:
    """What MariaDB and RabbitMQ themselves have counted."""

    def __init__(self, sql_port: int, node: RabbitNode) -> None:
        self._connection = pymysql.connect(
            host="127.0.0.1", port=sql_port, user="root"
        )
        self._node = node

    def read(self) -> Count:
        """All statements, BEGIN and COMMIT too, and all messages so far."""
        return Count(questions(self._connection), messages(self._node))

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


def questions(connection: pymysql.Connection) -> int:  # type: ignore[type-arg]
    """Statements that a MariaDB has been sent since its start."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
        ((_, count),) = cursor.fetchall()
    return int(count)


def messages(node: RabbitNode) -> int:
    """Messages that a private RabbitMQ has been sent since its start."""
    done = subprocess.run(
        ["erl_call", "-sname", node.identity.node, "-e"],
        input=f"{_MESSAGES}.\n".encode(),
        env=node._environment(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    found = re.search(rb"\{ok, *(\d+)\}", done.stdout)
    assert found, done.stdout + done.stderr
    return int(found[1])
