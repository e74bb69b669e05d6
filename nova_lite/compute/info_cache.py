# SPDX-License-Identifier: Apache-2.0
"""What servers know of their interfaces, kept like the network service has it.

Lives in nova-lite-compute, which alone writes it for the servers of its host,
with the server's lock held. An event of the network service has one read
anew at once; what could not be read then, and each server once after a start
of this daemon, is looked at by the periodic ``heal``.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import vm_states
from nova_lite.compute.locks import InstanceLocks
from nova_lite.context import RequestContext
from nova_lite.network import model
from nova_lite.network.api import NetworkAPI, Owner
from nova_lite.network.model import VIF
from nova_lite.objects.instance import Instance

LOG = logging.getLogger(__name__)


class InfoCache:
    """The interfaces of this host's servers."""

    def __init__(
        self, host: str, network: NetworkAPI, locks: InstanceLocks
    ) -> None:
        self._host = host
        self._network = network
        self._locks = locks
        self._guard = threading.Lock()
        # In the order in which they are to be looked at.
        self._stale: dict[str, None] = {}
        self._written: dict[str, list[dict[str, Any]] | None] = {}

    # --- for operations, which hold the server's lock ---

    def wrote(self, uuid: str, info: list[dict[str, Any]] | None) -> None:
        """Remember what is written for a server.

        Others that wait for its lock have read its row before that. None: it
        may have ports that nobody knows.
        """
        with self._guard:
            self._written[uuid] = info

    def freshen(self, instance: Instance) -> None:
        """Give an operation that has its lock now what was written last."""
        with self._guard:
            if instance.uuid in self._written:
                instance.network_info = self._written[instance.uuid]

    def forget(self, uuid: str) -> None:
        """The server is on this host no more."""
        with self._guard:
            self._written.pop(uuid, None)
            self._stale.pop(uuid, None)

    # --- news, and what may have been missed ---

    def suspect(self, uuids: Sequence[str]) -> None:
        """Have servers looked at, one at a time."""
        with self._guard:
            self._stale.update(dict.fromkeys(uuids))

    def is_suspect(self, uuid: str) -> bool:
        """Whether news of a server came while it was locked."""
        with self._guard:
            return uuid in self._stale

    def heal(self, context: RequestContext) -> None:
        """Look at one server, if there is one to look at."""
        with self._guard:
            uuid = next(iter(self._stale), None)
        if uuid is not None:
            self.refresh(context, uuid)

    def refresh(self, context: RequestContext, uuid: str) -> None:
        """Read a server's interfaces anew; later, if it is not free now."""
        self.suspect([uuid])
        with self._locks.hold_if_free(uuid) as held:
            if not held:
                return
            with self._guard:
                self._stale.pop(uuid, None)
            try:
                written = read(context, self._network, uuid, self._host)
                if written is not None:
                    self.wrote(uuid, written)
            except exception.InstanceNotFound:
                self.forget(uuid)
            except exception.ServiceUnavailable as error:
                self.suspect([uuid])
                LOG.warning("The network of %s is read later: %s", uuid, error)


def read(
    context: RequestContext,
    network: NetworkAPI,
    uuid: str,
    host: str | None,
) -> list[dict[str, Any]] | None:
    """Write what the service has now; None when nothing is new.

    Whoever calls sees to it that no operation on this host runs meanwhile.
    Raises: InstanceNotFound, ServiceUnavailable.
    """
    instance = Instance.get_by_uuid(context, uuid)
    if (
        instance.deleted
        or instance.host != host
        # Its first operation is to come, or has not succeeded.
        or instance.network_info is None
        or instance.vm_state == vm_states.BUILDING
    ):
        return None
    known = instance.network_info
    now = network.info(context, owner_of(instance))
    info = model.dump(merged(model.load(known), now))
    if info == known or not Instance.set_network_info(
        context, uuid, host, {"network_info": info}
    ):
        return None
    LOG.info("The interfaces of %s have changed", uuid)
    return info


def owner_of(instance: Instance) -> Owner:
    """A server as the network service is to know it."""
    return Owner(
        uuid=instance.uuid,
        project_id=instance.project_id,
        hostname=instance.hostname,
        zone=instance.availability_zone or "nova",
    )


def merged(known: Sequence[VIF], now: Sequence[VIF]) -> list[VIF]:
    """What the service has now, in the order that was known before.

    The devices' tags and places are known here alone.
    """
    found = {vif.id: vif for vif in now}
    kept = [
        replace(found.pop(vif.id), tag=vif.tag, place=vif.place)
        for vif in known
        if vif.id in found
    ]
    return [*kept, *found.values()]
