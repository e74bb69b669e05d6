# SPDX-License-Identifier: Apache-2.0
"""Hints to nova-lite-netd and nova-lite-compute, after a change's commit.

A hint that is lost costs time only: netd looks by itself every minute, and
compute reads a server's interfaces again sooner or later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from oslo_log import log as logging

from nova_lite.db.repositories.network_change import ServerNews, Told
from nova_lite.embedded.network import rules
from nova_lite.objects.external_event import InstanceExternalEvent

LOG = logging.getLogger(__name__)

# (context, host)
Send = Callable[[rules.Context, str], None]
# (context, host, events of its servers)
SendEvents = Callable[[rules.Context, str, list[InstanceExternalEvent]], None]


class Notifier:
    """Tells the agents of hosts to look, and computes what has changed."""

    def __init__(self, send: Send, events: SendEvents | None) -> None:
        """``events`` None: computes are not told."""
        self._send = send
        self._events = events

    def tell(self, context: rules.Context, told: Told) -> None:
        """Hint to whom it concerns; a bus that is away is no error."""
        try:
            for host in told.hosts:
                self._send(context, host)
            # The daemons themselves know what they are doing.
            if self._events and "service" not in (context.roles or []):
                for host, events in _by_host(told.servers).items():
                    self._events(context, host, events)
        except Exception as error:
            # The change is committed: whatever the bus says, the request
            # has succeeded.
            LOG.warning("Not everybody was told of a change: %s", error)


def _by_host(
    news: Collection[ServerNews],
) -> dict[str, list[InstanceExternalEvent]]:
    found: dict[str, list[InstanceExternalEvent]] = {}
    for one in news:
        event = InstanceExternalEvent(
            instance_uuid=one.server,
            name=one.event,
            status="completed",
            tag=one.port_id,
        )
        found.setdefault(one.host, []).append(event)
    return found
