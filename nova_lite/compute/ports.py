# SPDX-License-Identifier: Apache-2.0
"""The ports of servers, while the network service comes and goes.

Used by the operations in nova-lite-compute and by conductor's tasks: a
service that is restarted makes them slower, and breaks nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.network.api import NetworkAPI
from nova_lite.objects.instance import Instance

LOG = logging.getLogger(__name__)
T = TypeVar("T")

# What a restart of the service takes, and more.
_PATIENCE_S = 50.0
_PAUSE_S = 1.0


def patiently(
    work: Callable[[], T], checkpoint: Callable[[], None] = lambda: None
) -> T:
    """Do what needs the service, again and again while it is away.

    Raises: ServiceUnavailable when it is away for too long; what checkpoint
    raises.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return work()
        except exception.ServiceUnavailable as error:
            if time.monotonic() > deadline:
                raise
            LOG.warning("The network service is away: %s", error)
        time.sleep(_PAUSE_S)
        checkpoint()


def release(network: NetworkAPI, uuid: str, host: str | None = None) -> None:
    """Delete a server's ports, but let those that the user made only go.

    With ``host`` only those that no other host has now.
    Raises: ServiceUnavailable.
    """
    patiently(lambda: network.deallocate(get_admin_context(), uuid, host))


class Leftovers:
    """Ports on a host whose servers are deleted.

    A daemon that was taken for dead may have made such; they are looked for
    once after a start, as soon as the network service answers.
    """

    def __init__(self, host: str, network: NetworkAPI) -> None:
        self._host = host
        self._network = network
        self._looked = False

    def look(self, context: RequestContext) -> None:
        """Remove them, if that has not been done."""
        if self._looked:
            return
        try:
            self._remove(context)
        except exception.ServiceUnavailable as error:
            LOG.warning("Ports on this host are looked at later: %s", error)
        else:
            self._looked = True

    def _remove(self, context: RequestContext) -> None:
        if not self._network.exists(context):
            return
        here = {"binding:host_id": self._host}
        uuids = {
            port["device_id"]
            for port in self._network.ports(context, here)
            if port["device_owner"].startswith("compute:")
        }
        if not uuids:
            return
        for uuid, owner in Instance.owners(context, sorted(uuids)).items():
            if owner["deleted"]:
                LOG.warning("%s is deleted: its ports go too", uuid)
                self._network.deallocate(context, uuid, self._host)
