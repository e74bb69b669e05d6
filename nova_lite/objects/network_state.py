# SPDX-License-Identifier: Apache-2.0
"""What nova-lite-netd asks and tells: its host's part of the networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import context as nova_context
from nova_lite.objects import base


@base.NovaObjectRegistry.register
class NetworkState(base.NovaObject):
    """The embedded network service's tables, seen from one host."""

    VERSION = "1.0"

    @classmethod
    @base.remotable
    def host_state(
        cls, context: nova_context.RequestContext, host: str
    ) -> dict[str, Any]:
        """All that is wanted on a host: ``wanted.HostState`` as a dict.

        The host's own DHCP ports are made, changed and removed on the way.
        """
        wanted: dict[str, Any] = base.repository("network_state").host_state(
            host
        )
        return wanted

    @classmethod
    @base.remotable
    def report_ports(
        cls,
        context: nova_context.RequestContext,
        host: str,
        statuses: Mapping[str, str],
    ) -> None:
        """Port id -> ACTIVE or DOWN; ports no longer here keep theirs."""
        base.repository("network_agent").report_ports(host, statuses)

    @classmethod
    @base.remotable
    def register_agent(
        cls,
        context: nova_context.RequestContext,
        host: str,
        values: Mapping[str, Any],
    ) -> None:
        """Put a host's agent on record: ``tunnel_ip``, ``configurations``.

        Routers that have no living agent find one on the way.
        """
        base.repository("network_agent").register(host, values)
