# SPDX-License-Identifier: Apache-2.0
"""One scheduling decision with its claim, by the number of hosts."""

from __future__ import annotations

import json
import subprocess
import sys


def measure() -> dict[str, float]:
    """Median milliseconds; bench/scheduler.py in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.scheduler", "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    medians = json.loads(done.stdout)
    return {f"decision_{hosts}": ms for hosts, ms in medians.items()}
