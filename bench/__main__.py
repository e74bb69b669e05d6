# SPDX-License-Identifier: Apache-2.0
"""``make bench``: every figure, with its target beside it.

python -m bench [--only GROUP,...] [--out FILE]. Starts its own RabbitMQ and
MariaDB in a temporary directory, then the daemons with the fake driver: one
compute, then ten. Times mean something on an idle machine only; counts, CPU
seconds and memory always do.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import (
    daemons,
    decisions,
    guests,
    networks,
    pages,
    report,
    servers,
)
from bench.cloud import Cloud
from bench.usage import Counters
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures.database import MariaDB
from tests.fixtures.rabbitmq import fresh_transport_url

GROUPS = (
    "boot",
    "counts",
    "reads",
    "throughput",
    "memory",
    "idle",
    "start",
    "scheduler",
    "libvirt",
    "lists",
    "networks",
)
_CLOUD = frozenset(GROUPS[:7])
_TEN = frozenset({"throughput"})


class Bench:
    """One run: what to measure, and what was found."""

    def __init__(self, groups: frozenset[str], directory: Path) -> None:
        self._groups = groups
        self._directory = directory
        self.figures: dict[str, float] = {}
        self.remarks: dict[str, str] = {}

    def run(self) -> None:
        """Measure all that is asked for."""
        if self._groups & _CLOUD:
            with _servers(self._directory) as (node, mariadb):
                self._clouds(node, mariadb)
        if "scheduler" in self._groups:
            self.figures |= decisions.measure()
        if "networks" in self._groups:
            self.figures |= networks.measure()
        if "lists" in self._groups:
            self.figures |= pages.measure(self._directory)
        if "libvirt" in self._groups:
            figure, why = guests.measure(self._directory)
            if figure is None:
                self.remarks["libvirt"] = why
            else:
                self.figures["libvirt"] = figure

    def _clouds(self, node: RabbitNode, mariadb: MariaDB) -> None:
        counters = Counters(mariadb.port, node)
        with self._cloud(node, mariadb, 1) as cloud:
            self._measure(cloud, counters)
        if self._groups & _TEN:
            with self._cloud(node, mariadb, 10) as cloud:
                servers.delete(cloud, servers.boot(cloud, "warm")[0])
                rate, cpu = servers.many(cloud)
                self.figures |= {"boots_10": rate, "cpu_10": cpu}
                self.figures["fifty"] = servers.fifty(cloud)
        counters.close()

    @contextlib.contextmanager
    def _cloud(
        self, node: RabbitNode, mariadb: MariaDB, computes: int
    ) -> Iterator[Cloud]:
        print(f"daemons with {computes} compute(s)", file=sys.stderr)
        cloud = Cloud(
            self._directory / f"cloud-{computes}",
            fresh_transport_url(node),
            mariadb.fresh_url(),
            computes,
        )
        cloud.start()
        try:
            yield cloud
        finally:
            cloud.stop()

    def _measure(self, cloud: Cloud, counters: Counters) -> None:
        if self._groups & {"memory", "idle"}:
            rate, cpu = daemons.idle(cloud, counters)
            self.figures |= {"idle_sql": rate.sql, "idle_cpu": cpu}
            self.figures["pss"] = daemons.memory(cloud)
        if "counts" in self._groups:
            self.figures |= servers.counted(cloud, counters)
        if "boot" in self._groups:
            self.figures |= servers.one_at_a_time(cloud)
        if "throughput" in self._groups:
            boots, cpu = servers.many(cloud)
            self.figures |= {"boots_1": boots, "cpu_1": cpu}
        if "reads" in self._groups:
            self.figures["detail_100"] = servers.lists(cloud, 100)
            self.figures |= servers.reads(cloud)
            self.figures["detail_1000"] = servers.lists(cloud, 1000)
            servers.clear(cloud)
        if "start" in self._groups:
            self.figures["start"] = daemons.start(cloud)


@contextlib.contextmanager
def _servers(directory: Path) -> Iterator[tuple[RabbitNode, MariaDB]]:
    node = RabbitNode(directory / "rabbitmq")
    mariadb = MariaDB(directory / "mariadb")
    try:
        node.start()
        mariadb.start()
        yield node, mariadb
    finally:
        mariadb.stop()
        node.stop()


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", help=f"some of {','.join(GROUPS)}")
    parser.add_argument("--out", default="bench.json", help="bench.json")
    asked = parser.parse_args()
    groups = frozenset(asked.only.split(",") if asked.only else GROUPS)
    if groups - set(GROUPS):
        parser.error(f"--only knows {','.join(GROUPS)}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nova-lite-bench-") as name:
        Path(name).chmod(0o755)
        bench = Bench(groups, Path(name))
        bench.run()
    text = report.table(bench.figures, bench.remarks)
    found = {
        "machine": {
            "processors": os.cpu_count(),
            "load_1m": os.getloadavg()[0],
            "python": platform.python_version(),
            "took_s": round(time.monotonic() - begun),
        },
        "figures": report.document(bench.figures, bench.remarks),
    }
    Path(asked.out).write_text(json.dumps(found, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
