# SPDX-License-Identifier: Apache-2.0
"""The endpoint that every daemon serves beside its manager."""

from __future__ import annotations

from typing import Any

from nova_lite import rpc
from nova_lite.context import RequestContext


class BaseRPCAPI:
    """Answers ``ping``, in the namespace ``baseapi``."""

    target = rpc.Target(namespace="baseapi", version="1.0")

    def __init__(self, service_name: str, host: str) -> None:
        self.service_name = service_name
        self.host = host

    def ping(self, context: RequestContext, arg: Any = None) -> dict[str, Any]:
        """Say who answers, and what was asked."""
        return {"service": self.service_name, "host": self.host, "arg": arg}


class BaseAPI(rpc.ClientBase):
    """Client of ``BaseRPCAPI`` on any topic."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic, "1.0", namespace="baseapi")

    def ping(
        self,
        context: RequestContext,
        arg: Any = None,
        server: str | None = None,
        timeout_s: int = 5,
    ) -> dict[str, Any]:
        """Raises: MessagingUnavailable."""
        answer: dict[str, Any] = self.call(
            context, "ping", server=server, timeout_s=timeout_s, arg=arg
        )
        return answer
