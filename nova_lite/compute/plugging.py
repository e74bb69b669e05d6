# SPDX-License-Identifier: Apache-2.0
"""Waits until the network has wired the interfaces of a guest.

Lives in nova-lite-compute. An operation opens ``expect`` before it asks for
ports, since an agent may wire one before the answer is here; the driver waits
through its VirtAPI right before the guest runs. Events are hints: the ports
are looked at as well, so one that is lost costs seconds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute.instance_events import (
    VIF_PLUGGED,
    Expectation,
    InstanceEvents,
)
from nova_lite.context import get_admin_context
from nova_lite.network.api import NetworkAPI
from nova_lite.network.model import VIF

LOG = logging.getLogger(__name__)

# Whoever goes before others is obeyed so soon.
_TICK_S = 1.0
# A lost event is noticed so soon.
_LOOK_S = 10.0


@dataclass(slots=True)
class Plugs:
    """The interfaces of one server, while an operation plugs them."""

    expected: Expectation
    checkpoint: Callable[[], None]
    wires: bool
    vifs: Sequence[VIF] = ()

    def of(self, vifs: Sequence[VIF]) -> None:
        """Wait for those of these that are not wired yet."""
        self.vifs = vifs
        if self.wires:
            self.expected.add((VIF_PLUGGED, vif.id) for vif in _unwired(vifs))

    @property
    def now(self) -> list[VIF]:
        """The interfaces, with what is known of them by now."""
        waiting = {tag for _, tag in self.expected.missing}
        waiting |= {tag for _, tag in self.expected.failed}
        return [
            replace(vif, active=True)
            if vif.type != "unbound" and vif.id not in waiting
            else vif
            for vif in self.vifs
        ]


class Plugging:
    """Which servers have interfaces that are about to be wired."""

    def __init__(
        self,
        events: InstanceEvents,
        network: NetworkAPI,
        timeout_s: int,
        is_fatal: bool,
    ) -> None:
        """``timeout_s`` 0: nobody waits; ``is_fatal``: or gives up."""
        self._events = events
        self._network = network
        self._timeout_s = timeout_s
        self._is_fatal = is_fatal
        self._plugs: dict[str, Plugs] = {}

    @contextlib.contextmanager
    def expect(
        self, uuid: str, checkpoint: Callable[[], None], wires: bool
    ) -> Iterator[Plugs]:
        """Expect news of a server's interfaces; its lock is held.

        ``wires`` False: the hypervisor has no real ones.
        """
        with self._events.prepare(uuid, (), [VIF_PLUGGED]) as expected:
            plugs = self._plugs[uuid] = Plugs(expected, checkpoint, wires)
            try:
                yield plugs
            finally:
                del self._plugs[uuid]

    def wait(self, uuid: str) -> None:
        """Raises: VirtualInterfaceCreateException; what checkpoint does."""
        plugs = self._plugs.get(uuid)
        if plugs is None or not self._timeout_s:
            return
        if self._come(uuid, plugs):
            return
        missing = ", ".join(
            sorted(
                str(tag)
                for _, tag in plugs.expected.missing | plugs.expected.failed
            )
        )
        LOG.warning("Interfaces of %s are not wired: %s", uuid, missing)
        if self._is_fatal:
            raise exception.VirtualInterfaceCreateException(
                ports=missing, timeout_s=self._timeout_s
            )

    def _come(self, uuid: str, plugs: Plugs) -> bool:
        expected = plugs.expected
        began = looked = time.monotonic()
        while not expected.wait(_TICK_S):
            plugs.checkpoint()
            moment = time.monotonic()
            if expected.failed or moment - began >= self._timeout_s:
                return False
            if moment - looked >= _LOOK_S:
                looked = moment
                self._look(uuid, expected)
        return True

    def _look(self, uuid: str, expected: Expectation) -> None:
        """Ask for the ports themselves."""
        try:
            ports = self._network.ports(
                get_admin_context(), {"device_id": uuid}
            )
        except exception.ServiceUnavailable as error:
            LOG.warning("The ports of %s are looked at later: %s", uuid, error)
            return
        for port in ports:
            if port["status"] == "ACTIVE":
                expected.has_come((VIF_PLUGGED, port["id"]))


def _unwired(vifs: Sequence[VIF]) -> list[VIF]:
    return [vif for vif in vifs if not vif.active and vif.type != "unbound"]
