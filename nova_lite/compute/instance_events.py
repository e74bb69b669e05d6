# SPDX-License-Identifier: Apache-2.0
"""Events from other services: who waits for one, and how it gets there.

Lives in nova-lite-compute. An operation says what it expects before it asks
the other service to act, since the event may come before the answer:

    with events.prepare(uuid, [("network-vif-plugged", port_id)]) as plugged:
        plug(port_id)
        if not plugged.wait(300):
            ...

Who learns only from that answer what to expect says the event's name, and
adds the rest later:

    with events.prepare(uuid, (), [VIF_PLUGGED]) as plugged:
        plugged.add((VIF_PLUGGED, port_id) for port_id in make_ports())
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import Self

from oslo_log import log as logging

from nova_lite.objects.external_event import InstanceExternalEvent

LOG = logging.getLogger(__name__)

POWER_UPDATE = "power-update"
VIF_PLUGGED = "network-vif-plugged"

# The event's name and its tag.
Key = tuple[str, str | None]


class Expectation:
    """Events of one server that somebody waits for."""

    def __init__(
        self,
        events: InstanceEvents,
        uuid: str,
        keys: Collection[Key],
        names: Collection[str] = (),
    ) -> None:
        """``names``: events that are kept for a later ``add``."""
        self._events = events
        self.uuid = uuid
        self.missing = set(keys)
        self.failed: set[Key] = set()
        self.names = frozenset(names)
        self._heard: dict[Key, str] = {}
        self._given_up = False
        self._over = threading.Event()
        if not keys:
            self._over.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._events.forget(self)

    def wait(self, timeout_s: float) -> bool:
        """Whether all came within the time and none of them failed.

        Returns at once when one fails, or when the server is deleted.
        """
        self._over.wait(timeout_s)
        return not self.missing and not self.failed

    def add(self, keys: Iterable[Key]) -> None:
        """Wait for these too; such as were heard already have come."""
        with self._events.guard:
            self.missing.update(keys)
            if self.missing and not self._given_up:
                self._over.clear()
            for key, status in self._heard.items():
                if key in self.missing:
                    self.take(key, status)

    def has_come(self, key: Key) -> None:
        """What one of them would tell was learned in another way."""
        with self._events.guard:
            self.take(key, "completed")

    def take(self, key: Key, status: str) -> None:
        """An event came; the caller holds the registry's lock."""
        if key[0] in self.names:
            self._heard[key] = status
        if key not in self.missing:
            return
        self.missing.discard(key)
        if status == "failed":
            self.failed.add(key)
        if self.failed or not self.missing:
            self._over.set()

    def give_up(self) -> None:
        """Wake who waits: nothing more will come."""
        self._given_up = True
        self._over.set()


class InstanceEvents:
    """Who waits for which event, by server."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self._expected: dict[str, list[Expectation]] = {}

    def prepare(
        self, uuid: str, keys: Collection[Key], names: Collection[str] = ()
    ) -> Expectation:
        """Expect events of a server from now on.

        ``names``: all events of these, of which ``add`` says more.
        """
        made = Expectation(self, uuid, keys, names)
        with self.guard:
            self._expected.setdefault(uuid, []).append(made)
        return made

    def forget(self, expectation: Expectation) -> None:
        """Expect no longer; one that is forgotten already is no error."""
        with self.guard:
            rest = self._expected.get(expectation.uuid, [])
            if expectation in rest:
                rest.remove(expectation)
            if not rest:
                self._expected.pop(expectation.uuid, None)

    def pop(self, event: InstanceExternalEvent) -> bool:
        """Give an event to who waits for it; whether somebody did."""
        key = (event.name, event.tag)
        with self.guard:
            waiting = [
                one
                for one in self._expected.get(event.instance_uuid, [])
                if key in one.missing or event.name in one.names
            ]
            for one in waiting:
                one.take(key, event.status)
        return bool(waiting)

    def clear(self, uuid: str) -> None:
        """Wake everybody who waits for a server: it is to be deleted."""
        with self.guard:
            for one in self._expected.pop(uuid, []):
                one.give_up()

    def deliver(self, event: InstanceExternalEvent) -> None:
        """Give an event to who waits, or say that nobody does."""
        if event.name == POWER_UPDATE:
            LOG.info(
                "%s of %s is dropped: no hypervisor here reports power so",
                event.name,
                event.instance_uuid,
            )
        elif not self.pop(event):
            LOG.info(
                "Nobody waits for %s %s of %s: it is dropped",
                event.name,
                event.tag,
                event.instance_uuid,
            )
