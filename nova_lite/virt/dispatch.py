# SPDX-License-Identifier: Apache-2.0
"""Brings lifecycle events from a driver to its listeners.

A listener may block (the manager's asks conductor), so it is called in a
thread of its own and never in the one that the hypervisor's events come by.
"""

from __future__ import annotations

import queue

from oslo_log import log as logging

from nova_lite import concurrency
from nova_lite.virt import driver

LOG = logging.getLogger(__name__)

_Item = tuple[str, driver.LifecycleEvent]


class EventDispatcher:
    """Listeners of one driver and the thread that calls them in order."""

    def __init__(self) -> None:
        self._listeners: list[driver.EventListener] = []
        self._items: queue.Queue[_Item | None] = queue.Queue()

    def start(self) -> None:
        """Begin to call the listeners."""
        concurrency.spawn(self._run, name="lifecycle-events")

    def stop(self) -> None:
        """End the thread when the events put so far are handled."""
        self._items.put(None)

    def add(self, listener: driver.EventListener) -> None:
        """Call ``listener`` for each event from now on."""
        self._listeners.append(listener)

    def put(self, uuid: str, event: driver.LifecycleEvent) -> None:
        """Queue an event; never blocks."""
        self._items.put((uuid, event))

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            for listener in self._listeners:
                try:
                    listener(*item)
                except Exception:  # a listener's fault must not end events
                    LOG.exception("Lifecycle event %s was not handled", item)
