# SPDX-License-Identifier: Apache-2.0
"""What is sent to nova-lite-netd, one on each compute host. Versions:

1.0 refresh
"""

from __future__ import annotations

from nova_lite import rpc
from nova_lite.context import RequestContext

TOPIC = "netd"


class NetdAPI(rpc.ClientBase):
    """Hints: what is wanted stands in the database."""

    def __init__(self) -> None:
        super().__init__(TOPIC, "1.0")

    def refresh(
        self, context: RequestContext, host: str | None = None
    ) -> None:
        """Something changed for a host, or for any. A lost one costs time."""
        if host is None:
            self.cast(context, "refresh", fanout=True)
        else:
            self.cast(context, "refresh", server=host)
