# SPDX-License-Identifier: Apache-2.0
"""Receives libvirt's events.

One native thread per process runs libvirt's event loop. Its callbacks only
put an item into a mailbox: everything else, logging too, happens in a
(green) thread of ours.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import libvirt

from nova_lite import concurrency
from nova_lite.virt import driver

# libvirt's lifecycle events that mean something to us. A guest's own
# shutdown is followed by STOPPED, a crash too.
_MEANING = {
    libvirt.VIR_DOMAIN_EVENT_STARTED: driver.LifecycleEvent.STARTED,
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: driver.LifecycleEvent.PAUSED,
    libvirt.VIR_DOMAIN_EVENT_RESUMED: driver.LifecycleEvent.RESUMED,
    libvirt.VIR_DOMAIN_EVENT_STOPPED: driver.LifecycleEvent.STOPPED,
    libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED: driver.LifecycleEvent.SUSPENDED,
    libvirt.VIR_DOMAIN_EVENT_UNDEFINED: driver.LifecycleEvent.UNDEFINED,
}

_RETRY_S = 1.0

_loop_lock = threading.Lock()
_loop_runs = False


def start_loop() -> None:
    """Run libvirt's event loop; must precede the first connection."""
    global _loop_runs
    with _loop_lock:
        if _loop_runs:
            return
        _loop_runs = True
        libvirt.virEventRegisterDefaultImpl()
        native_threading = concurrency.original("threading")
        native_threading.Thread(
            target=_run_loop, name="libvirt-events", daemon=True
        ).start()


def _run_loop() -> None:
    sleep = concurrency.original("time").sleep
    while True:
        try:
            libvirt.virEventRunDefaultImpl()
        except libvirt.libvirtError:
            sleep(_RETRY_S)  # the loop must outlive any fault of one round


class Waiters:
    """Lets an operation wait for an event instead of asking repeatedly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, Hashable], list[threading.Event]] = {}

    @contextmanager
    def expect(self, uuid: str, event: Hashable) -> Iterator[threading.Event]:
        """An Event that is set when it happens; enter before causing it.

        ``event`` is a LifecycleEvent, or the alias of a device that goes.

        It is also set when the connection is lost, so whoever waited looks
        at the guest.
        """
        key = (uuid, event)
        seen = threading.Event()
        with self._lock:
            self._waiting.setdefault(key, []).append(seen)
        try:
            yield seen
        finally:
            with self._lock:
                left = self._waiting[key]
                left.remove(seen)
                if not left:
                    del self._waiting[key]

    def notify(self, uuid: str, event: Hashable) -> None:
        """Wake who waits for this event of this guest."""
        with self._lock:
            for seen in self._waiting.get((uuid, event), ()):
                seen.set()

    def wake_all(self) -> None:
        """Wake everybody: events may have been missed."""
        with self._lock:
            for waiting in self._waiting.values():
                for seen in waiting:
                    seen.set()


class EventSource:
    """Hands the events of a host's connections to green code.

    ``on_lifecycle(uuid, event)``, ``on_removed(uuid, alias)`` of a device
    and ``on_closed(connection)`` are called one at a time and must not block.
    """

    def __init__(
        self,
        on_lifecycle: driver.EventListener,
        on_removed: Callable[[str, str], None],
        on_closed: Callable[[Any], None],
    ) -> None:
        self._on_lifecycle = on_lifecycle
        self._on_removed = on_removed
        self._on_closed = on_closed
        self._mailbox = concurrency.NativeMailbox(self._handle)

    def attach(self, connection: Any) -> None:
        """Subscribe to a new connection's events; blocks."""
        connection.registerCloseCallback(self._native_closed, None)
        connection.domainEventRegisterAny(
            None,
            libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
            self._native_lifecycle,
            None,
        )
        connection.domainEventRegisterAny(
            None,
            libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
            self._native_removed,
            None,
        )

    def _native_lifecycle(
        self, _connection: Any, domain: Any, event: int, *_rest: Any
    ) -> None:
        meaning = _MEANING.get(event)
        if meaning is not None:
            self._mailbox.put((domain.UUIDString(), meaning))

    def _native_removed(
        self, _connection: Any, domain: Any, alias: str, *_rest: Any
    ) -> None:
        self._mailbox.put((domain.UUIDString(), alias))

    def _native_closed(self, connection: Any, *_rest: Any) -> None:
        self._mailbox.put((connection, None))

    def _handle(self, item: tuple[Any, Any]) -> None:
        subject, meaning = item
        if meaning is None:
            self._on_closed(subject)
        elif isinstance(meaning, str):
            self._on_removed(subject, meaning)
        else:
            self._on_lifecycle(subject, meaning)
