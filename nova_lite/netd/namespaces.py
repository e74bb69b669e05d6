# SPDX-License-Identifier: Apache-2.0
"""Network namespaces by name, as ``ip netns`` has them, and work in them.

Used by netd's routers and DHCP servers. Work in a namespace is done by a
native thread made for it: a thread enters a namespace for itself alone, and
what it starts (a process, a socket) belongs there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# <sched.h>, <sys/mount.h>
_CLONE_NEWNET = 0x40000000
_MNT_DETACH = 2
_MS_BIND = 4096
_MS_REC = 16384
_MS_SHARED = 1 << 20

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, what: str, *args: object) -> None:
    if getattr(_libc, name)(*args):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}", what)


def _mount(source: str, target: str, flags: int) -> None:
    _call(
        "mount",
        target,
        source.encode(),
        target.encode(),
        b"none",
        ctypes.c_ulong(flags),
        None,
    )


def _in_thread(
    enter: Callable[[], None],
    fn: Callable[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    outcome: Future[T] = Future()

    def body() -> None:
        try:
            enter()
            outcome.set_result(fn(*args, **kwargs))
        # Whatever it is, it is raised again by the thread that waits.
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=body, name="namespace", daemon=True).start()
    return outcome.result()


class Namespaces:
    """The named network namespaces of one directory.

    Another directory than ``ip netns`` uses lets two hosts of one test have
    a namespace of one name.
    """

    def __init__(self, directory: str = "/run/netns") -> None:
        self._directory = Path(directory)

    def path(self, name: str) -> Path:
        """The file that stands for a namespace."""
        return self._directory / name

    def names(self, prefix: str) -> list[str]:
        """Those there that begin so, whoever made them."""
        if not self._directory.is_dir():
            return []
        return sorted(
            one
            for one in os.listdir(self._directory)
            if one.startswith(prefix)
        )

    def exists(self, name: str) -> bool:
        """Whether it is there, and not a bare file that a kill left."""
        try:
            # All namespaces are files of one device of the kernel's.
            device = os.stat(self.path(name)).st_dev
        except FileNotFoundError:
            return False
        return device == os.stat("/proc/self/ns/net").st_dev

    def ensure(self, name: str) -> bool:
        """Make it unless it is there; True if it was made."""
        if self.exists(name):
            return False
        self._share_directory()
        path = self.path(name)
        path.touch(mode=0o444)
        _in_thread(
            lambda: _call("unshare", name, _CLONE_NEWNET),
            lambda: _mount("/proc/thread-self/ns/net", str(path), _MS_BIND),
        )
        return True

    def remove(self, name: str) -> None:
        """Let go of it: the kernel ends it with its last process."""
        path = self.path(name)
        if self.exists(name):
            _call("umount2", str(path), str(path).encode(), _MNT_DETACH)
        path.unlink(missing_ok=True)

    def run(
        self,
        name: str,
        fn: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call a function inside a namespace, and wait for its answer."""

        def enter() -> None:
            descriptor = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                _call("setns", name, descriptor, _CLONE_NEWNET)
            finally:
                os.close(descriptor)

        return _in_thread(enter, fn, *args, **kwargs)

    def _share_directory(self) -> None:
        """Make the directory a shared mount.

        Else a mount namespace made later by anybody keeps a copy of each
        network namespace, which then outlives its removal here.
        """
        self._directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        directory = str(self._directory)
        try:
            _mount("", directory, _MS_SHARED | _MS_REC)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # It is no mount yet.
            _mount(directory, directory, _MS_BIND | _MS_REC)
            _mount("", directory, _MS_SHARED | _MS_REC)
