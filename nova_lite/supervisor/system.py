# SPDX-License-Identifier: Apache-2.0
"""Small facts about processes, ports and private files of this host.

Called by the supervisor, by nova-lite-status and by the test fixtures.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

# Below the kernel's ephemeral range: no client socket takes such a port
# between our look and the server's bind, or while a server restarts.
_PORTS = range(20000, 32000)


def free_port(address: str = "127.0.0.1") -> int:
    """Draw a TCP port that nothing listens on now."""
    for port in random.sample(_PORTS, 200):
        if port_is_free(port, address):
            return port
    raise OSError(f"no free TCP port found on {address}")


def port_is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(
        socket.AF_INET6 if ":" in address else socket.AF_INET
    ) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Replace a file at once; only its owner can ever read it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as stream:
        stream.write(text)
    temporary.replace(path)


def read_pid(path: Path) -> int | None:
    """The number in a pid file, or None when there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def is_running(pid: int | None, mark: str) -> bool:
    """Whether the process lives and has ``mark`` in its command line.

    The mark guards against a number that was given to another process
    meanwhile. A zombie has no command line, so it counts as gone.
    """
    if pid is None or pid <= 0:
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return mark.encode() in command


def end_process(pid: int, mark: str, timeout_s: float) -> None:
    """SIGTERM, then SIGKILL when it still runs after ``timeout_s``."""
    for number, patience in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 5)):
        if not is_running(pid, mark):
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        wait_until(lambda: not is_running(pid, mark), patience)


def wait_until(
    condition: Callable[[], bool], timeout_s: float, step_s: float = 0.05
) -> bool:
    """Look again and again; False when the time passed without success."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(step_s)
    return True
