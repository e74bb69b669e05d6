# SPDX-License-Identifier: Apache-2.0
"""How long the scheduler takes to choose and claim a host.

Run by `make bench` or by hand: python -m bench.scheduler [HOSTS ...]; with
--json it prints the medians for a program.
A SQLite file in a temporary directory, one process, no bus. Milliseconds:
one server with the memory of hosts at hand (median, 90th percentile, worst),
one server with changes read first, when two seconds have passed in which
hosts sent heartbeats and reports, 20 servers in one request, and reading all
hosts anew.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import sqlalchemy as sa

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


def measure(count: int) -> tuple[float, str]:
    """The median for this many hosts, and a line of all figures."""
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
    return median, (
        f"{count:6d} {median:8.1f} {singles[int(ROUNDS * 0.9)]:8.1f} "
        f"{singles[-1]:8.1f} "
        f"{statistics.median(changes):12.1f} {twenty:10.1f} {load:8.1f}"
    )


def main() -> None:
    """Measure each size in a database of its own."""
    as_json = "--json" in sys.argv
    sizes = [int(text) for text in sys.argv[1:] if text != "--json"] or SIZES
    if not as_json:
        print(
            " hosts   median      90%    worst "
            "with changes 20 servers     load"
        )
    medians = {}
    for count in sizes:
        with tempfile.TemporaryDirectory() as directory:
            hosts.use_database(f"sqlite:///{directory}/bench.sqlite")
            hosts.create_tables()
            hosts.seed(range(count), vcpus=200, cpu_ratio=4.0)
            medians[count], line = measure(count)
            if not as_json:
                print(line, flush=True)
            hosts.leave_database()
    if as_json:
        print(json.dumps(medians))


if __name__ == "__main__":
    main()
