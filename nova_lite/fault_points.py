# SPDX-License-Identifier: Apache-2.0
"""Points between the phases of an operation where a test makes it fail.

Off, and free of cost, unless the variable NOVA_LITE_FAULT_POINTS names a
directory when the daemon starts. A file there, named after a point
("pause.done"), says what happens once at it: "kill" (SIGKILL to this
daemon), "fail" (VirtError), or "wait" (until the file <point>.go appears).
The file <point>.reached says that it did.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from oslo_log import log as logging

from nova_lite import exception

LOG = logging.getLogger(__name__)

_DIRECTORY = os.environ.get("NOVA_LITE_FAULT_POINTS")
_LOOK_S = 0.02


def reach(point: str) -> None:
    """Do what a test has asked for at this point, once.

    Raises: VirtError, when that is what it asked for.
    """
    if _DIRECTORY is None:
        return
    order = Path(_DIRECTORY, point)
    taken = order.with_name(f"{point}.reached")
    try:
        # Of several operations one takes the order.
        order.rename(taken)
    except FileNotFoundError:
        return
    what = taken.read_text().strip()
    LOG.warning("Fault point %s: %s", point, what)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "fail":
        raise exception.VirtError(reason=f"fault point {point} says so")
    elif what == "wait":
        go = order.with_name(f"{point}.go")
        while not go.exists():
            time.sleep(_LOOK_S)
