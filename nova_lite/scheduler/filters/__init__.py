# SPDX-License-Identifier: Apache-2.0
"""Filters: may this server run on this host, and if not, why.

One class per module, found by stevedore under nova_lite.scheduler.filters.
Made and called by scheduler.selection in nova-lite-scheduler.
"""

from __future__ import annotations

import abc

from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.host_state import HostState

NAMESPACE = "nova_lite.scheduler.filters"


class HostFilter(abc.ABC):
    """One question about a host.

    ``looks_at`` names the only attribute of HostState that the answer hangs
    on, when there is one: the filter is then asked once per value of it,
    not once per host. ``even_forced``: asked also of a host that an
    administrator names. Options are read in the constructor.
    """

    looks_at: str | None = None
    even_forced = False
    # Asked again when a server on a host takes another image.
    on_rebuild = False
    # Whether a server that a host is given may change the answer.
    counts_servers = False
    # Whether it looks at num_io_ops, which are else not counted.
    counts_io = False

    def concerns(self, spec: RequestSpec) -> bool:
        """Whether the request asks for anything that this is about."""
        return True

    @abc.abstractmethod
    def host_passes(self, host: HostState, spec: RequestSpec) -> str | None:
        """None when the host will do, else the reason why not.

        A reason is "what" or "what: detail". Whoever asked for the server
        is told how many hosts have the same "what"; the detail, with the
        host's name, is for administrators.
        """
