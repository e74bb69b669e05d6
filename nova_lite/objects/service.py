# SPDX-License-Identifier: Apache-2.0
"""A daemon's own record: its start, its heartbeat, its end."""

from __future__ import annotations

from typing import Any

from nova_lite import context as nova_context
from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class Service(base.NovaObject):
    """One host's daemon of one kind."""

    VERSION = "1.0"

    fields = {
        "id": fields.IntegerField(),
        "uuid": fields.UUIDField(),
        "host": fields.StringField(),
        "binary": fields.StringField(),
        "disabled": fields.BooleanField(),
    }

    @classmethod
    @base.remotable
    def start(
        cls,
        context: nova_context.RequestContext,
        identity: dict[str, Any],
        process: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Record a process that begins.

        ``identity``: host, binary, topic, version, availability_zone.
        ``process``: uuid (the incarnation), pid, pid_started, boot_id.
        Returns the other processes of the same service in the same form;
        the caller, on their host, finds out which of them are dead.
        """
        others: list[dict[str, Any]] = base.repository("service").start(
            identity, process
        )
        return others

    @classmethod
    @base.remotable
    def bury(
        cls, context: nova_context.RequestContext, incarnations: list[str]
    ) -> None:
        """Forget processes that are dead; their actions are queued again."""
        base.repository("service").bury(incarnations)

    @classmethod
    @base.remotable
    def leave(
        cls, context: nova_context.RequestContext, incarnation: str
    ) -> None:
        """Sign off a process that ends, as far as conductor still answers.

        Raises: MessagingUnavailable. Its successor buries it then.
        """
        base.repository("service").bury([incarnation])

    @classmethod
    @base.remotable
    def report(
        cls,
        context: nova_context.RequestContext,
        incarnation: str,
        running: list[int],
    ) -> bool:
        """The heartbeat: alive, and running these actions.

        Actions that this process is said to run and does not know of (the
        answer to its claim was lost) are queued again. False when the
        incarnation is unknown: it was taken for dead, and must start anew.
        """
        known: bool = base.repository("service").report(incarnation, running)
        return known
