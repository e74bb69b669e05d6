#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run one command and reap every orphan that its descendants leave behind.

libvirtd waits until the pid of a stopped QEMU is gone, and QEMU, which
daemonizes, is a child of PID 1.  A container's PID 1 may look for dead
children only every other second, which makes each destroy that slow.
devstack/lib/libvirt.sh starts the libvirt daemons under this process, which
reaps at once.  It ends when its last descendant has ended.

Usage: subreaper.py COMMAND [ARGUMENT...]
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Make orphaned descendants children of this process.

    Raises: OSError when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl: {os.strerror(code)}")


def main(command: list[str]) -> int:
    """Start the command, then reap until nothing is left to reap."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    become_subreaper()
    if os.fork() == 0:
        try:
            os.execvp(command[0], command)  # noqa: S606 no shell wanted
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
            os._exit(127)
    # A terminal's hang-up or interrupt must not orphan running guests.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
