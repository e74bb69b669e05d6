# SPDX-License-Identifier: Apache-2.0
"""The ports of servers, while the network service comes and goes.

Used by the operations in nova-lite-compute and by conductor's tasks: a
service that is restarted makes them slower, and breaks nothing.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
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
    """Ports that this host may have made for servers that are deleted.

    A daemon that is taken for dead and is not may make a port when conductor
    has already let the server's ports go. So each operation that makes ports
    leaves a file while it runs; what the daemons before this one have left
    is seen to as soon as the network service answers. A host without such
    files never asks for anything.
    """

    def __init__(self, host: str, network: NetworkAPI, base: Path) -> None:
        """``base``: the directory of the files; made when it is needed."""
        self._host = host
        self._network = network
        self._base = base
        self._found = sorted(base.iterdir()) if base.exists() else []

    @contextlib.contextmanager
    def may_come(self, instance_uuid: str) -> Iterator[None]:
        """Around what makes ports, and what undoes it."""
        self._base.mkdir(parents=True, exist_ok=True)
        # One's own file: the next attempt at it never ends this one's.
        descriptor, name = tempfile.mkstemp(
            prefix=f"{instance_uuid}.", dir=self._base
        )
        os.close(descriptor)
        try:
            yield
        finally:
            Path(name).unlink(missing_ok=True)

    def look(self, context: RequestContext) -> None:
        """Remove those of the daemons before, if that has not been done."""
        if not self._found:
            return
        try:
            self._remove(context)
        except exception.ServiceUnavailable as error:
            LOG.warning("Ports on this host are looked at later: %s", error)
            return
        for path in self._found:
            path.unlink(missing_ok=True)
        self._found = []

    def _remove(self, context: RequestContext) -> None:
        uuids = sorted({path.name.partition(".")[0] for path in self._found})
        for uuid, owner in Instance.owners(context, uuids).items():
            if owner["deleted"]:
                LOG.warning("%s is deleted: its ports go too", uuid)
                self._network.deallocate(context, uuid, self._host)
