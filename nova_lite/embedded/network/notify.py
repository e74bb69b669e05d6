# SPDX-License-Identifier: Apache-2.0
"""Hints to nova-lite-netd, sent after the commit of a change.

A hint that is lost costs time only: netd looks by itself every minute.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from oslo_log import log as logging

from nova_lite.embedded.network import rules

LOG = logging.getLogger(__name__)

# (context, host)
Send = Callable[[rules.Context, str], None]


class Notifier:
    """Tells the agents of hosts to look."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def tell(self, context: rules.Context, hosts: Collection[str]) -> None:
        """Hint to each of the hosts; a bus that is away is no error."""
        for host in hosts:
            try:
                self._send(context, host)
            except Exception as error:
                # The change is committed: whatever the bus says, the
                # request has succeeded.
                LOG.warning("No hint to the agent of %s: %s", host, error)
                return
