# SPDX-License-Identifier: Apache-2.0
"""Lets the ports of a server go, however long the network service is away.

Called by the operations in nova-lite-compute and by conductor's tasks, which
have nobody waiting for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.network.api import NetworkAPI

LOG = logging.getLogger(__name__)

# What a restart of the service takes, and more.
_PATIENCE_S = 50.0
_PAUSE_S = 1.0


def release(
    network: NetworkAPI,
    uuid: str,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Delete a server's ports, but let those that the user made only go.

    With ``host`` only those that no other host has now.
    Raises: ServiceUnavailable after many attempts.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            network.deallocate(get_admin_context(), uuid, host)
            return
        except exception.ServiceUnavailable as error:
            if time.monotonic() > deadline:
                raise
            LOG.warning("The ports of %s are let go later: %s", uuid, error)
            sleep(_PAUSE_S)
