# SPDX-License-Identifier: Apache-2.0
"""How long the scheduler takes to choose and claim a host.

Run by `make bench` or by hand: python bench/scheduler.py [HOSTS ...].
A SQLite file in a temporary directory, one process, no bus. Milliseconds:
one server with the memory of hosts at hand (median, 90th percentile, worst),
one server with changes read first, when two seconds have passed in which
hosts sent heartbeats and reports, 20 servers in one request, and reading all
hosts anew.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent.parent))

from nova_lite import concurrency

concurrency.setup(os.environ.get("NOVA_LITE_CONCURRENCY", "threading"))

from nova_lite.context import get_admin_context  # noqa: E402
from nova_lite.db import session  # noqa: E402
from nova_lite.db.models.base import now  # noqa: E402
from nova_lite.db.models.compute_node import ComputeNode  # noqa: E402
from nova_lite.db.models.service import Service  # noqa: E402
from nova_lite.scheduler.manager import SchedulerManager  # noqa: E402
from tests.fixtures import hosts  # noqa: E402

SIZES = (1, 100, 1000, 10000)
# Milliseconds that one decision with its claim may take.
TARGETS = {1: 8, 100: 10, 1000: 15, 10000: 50}
ROUNDS = 41


def milliseconds(action: Callable[[], object]) -> float:
    """Run once; how long it took."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def two_seconds_pass() -> None:
    """A fifth of the hosts sends a heartbeat, a thirtieth reports."""
    with session.writer() as db:
        for model, column, value, share in (
            (Service, "last_seen_at", now(), 5),
            (ComputeNode, "uptime", "up", 30),
        ):
            db.execute(
                sa.update(model)
                .where(model.id % share == 0)
                .values({column: value})
            )


def measure(count: int) -> None:
    """Print one line of figures for this many hosts."""
    manager = SchedulerManager("bench")
    context = get_admin_context()

    def decide(servers: int = 1) -> None:
        spec = hosts.request_spec(servers)
        chosen = manager.select_destinations(context, spec)
        assert all(d.selection for d in chosen), chosen[0].reasons

    load = milliseconds(manager.init_host)
    singles = sorted(milliseconds(decide) for _ in range(ROUNDS))
    changes = []
    for _ in range(9):
        two_seconds_pass()
        manager._hosts.hint()
        changes.append(milliseconds(decide))
    twenty = statistics.median(
        milliseconds(lambda: decide(20)) for _ in range(3)
    )
    median = statistics.median(singles)
    print(
        f"{count:6d} {median:8.1f} {singles[int(ROUNDS * 0.9)]:8.1f} "
        f"{singles[-1]:8.1f} {TARGETS.get(count, 0):8d} "
        f"{statistics.median(changes):12.1f} {twenty:10.1f} {load:8.1f}",
        flush=True,
    )


def main() -> None:
    """Measure each size in a database of its own."""
    sizes = [int(text) for text in sys.argv[1:]] or SIZES
    print(
        " hosts   median      90%    worst   target  with changes "
        "20 servers     load"
    )
    for count in sizes:
        with tempfile.TemporaryDirectory() as directory:
            hosts.use_database(f"sqlite:///{directory}/bench.sqlite")
            hosts.create_tables()
            hosts.seed(range(count), vcpus=200, cpu_ratio=4.0)
            measure(count)
            hosts.leave_database()


if __name__ == "__main__":
    main()
