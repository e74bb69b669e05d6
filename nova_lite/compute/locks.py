# SPDX-License-Identifier: Apache-2.0
"""One operation at a time on each server of this host."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Lock:
    """The lock of one server; there while anybody holds or wants it.

    A delete, or whatever else goes first, says so before it waits: whoever
    holds the lock sees it at the next checkpoint, whoever waits sees it when
    it is his turn.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self._first = 0

    def preempt(self, action_id: int) -> None:
        """Let all actions that are older than this one give way."""
        self._first = max(self._first, action_id)

    def preempted(self, action_id: int) -> bool:
        """Whether a younger action goes first."""
        return action_id < self._first


class InstanceLocks:
    """Locks by instance uuid."""

    def __init__(self) -> None:
        self._locks: dict[str, Lock] = {}
        self._guard = threading.Lock()

    @contextlib.contextmanager
    def hold(
        self, uuid: str, before: Callable[[Lock], None] | None = None
    ) -> Iterator[Lock]:
        """Hold a server's lock; ``before`` runs ahead of the wait."""
        with self._guard:
            lock = self._locks.setdefault(uuid, Lock())
            lock.users += 1
        try:
            if before is not None:
                before(lock)
            with lock.lock:
                yield lock
        finally:
            with self._guard:
                lock.users -= 1
                if not lock.users:
                    del self._locks[uuid]

    @contextlib.contextmanager
    def hold_if_free(self, uuid: str) -> Iterator[bool]:
        """Hold a server's lock if nobody holds or wants it; whether so."""
        with self._guard:
            free = uuid not in self._locks
            if free:
                lock = self._locks[uuid] = Lock()
                lock.users = 1
                lock.lock.acquire()
        try:
            yield free
        finally:
            if free:
                lock.lock.release()
                with self._guard:
                    lock.users -= 1
                    if not lock.users:
                        del self._locks[uuid]

    def busy(self, uuid: str) -> bool:
        """Whether an operation on this server runs or waits."""
        with self._guard:
            return uuid in self._locks
