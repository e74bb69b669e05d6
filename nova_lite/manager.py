# SPDX-License-Identifier: Apache-2.0
"""Base of the managers: what receives a daemon's messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from oslo_config import cfg
from oslo_service import periodic_task

from nova_lite.context import RequestContext

CONF = cfg.CONF
F = TypeVar("F", bound=Callable[..., Any])

# Marks a manager's method as periodic: spacing in seconds,
# run_immediately for one that shall not wait a first round.
periodic: Callable[..., Callable[[F], F]] = periodic_task.periodic_task


class Manager(periodic_task.PeriodicTasks):  # type: ignore[misc]
    """Endpoints of one topic, with hooks around the daemon's life.

    Called by service.Service in the daemon's process: ``init_host`` before
    messages are taken, ``post_start_hook`` when they are, ``cleanup_host``
    at the end. ``additional_endpoints`` are served on the same topic.
    """

    service_name = ""

    def __init__(self, host: str) -> None:
        super().__init__(CONF)
        self.host = host
        self.incarnation = ""
        self.additional_endpoints: list[Any] = []

    def init_host(self) -> None:
        """Prepare, before the first message."""

    def post_start_hook(self) -> None:
        """Act, once messages arrive."""

    def cleanup_host(self) -> None:
        """Let go, after the last message."""

    def reset(self) -> None:
        """Read changed options anew, on SIGHUP."""

    def drain(self, timeout_s: float) -> None:
        """Wait for what is running, at most ``timeout_s`` seconds."""

    def running_actions(self) -> list[int]:
        """ids of the actions that this process is running."""
        return []

    def periodic_tasks(
        self, context: RequestContext, raise_on_error: bool = False
    ) -> Any:
        """Run what is due; returns the seconds to the next."""
        return self.run_periodic_tasks(context, raise_on_error=raise_on_error)
