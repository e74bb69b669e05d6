# SPDX-License-Identifier: Apache-2.0
"""A row of the journal, as the daemon that runs it holds it."""

from __future__ import annotations

from typing import Any

from nova_lite import context as nova_context
from nova_lite.compute import transitions
from nova_lite.objects import base, fields
from nova_lite.objects.instance import Instance


@base.NovaObjectRegistry.register
class InstanceAction(base.NovaObject):
    """A claimed action.

    ``worker`` is the incarnation that claimed it: each later call names it,
    so one that was taken for dead meanwhile changes nothing more.
    """

    # 1.1: advance, note
    # 1.2: claim takes the states of a server that is to have interfaces
    VERSION = "1.2"

    fields = {
        "id": fields.IntegerField(),
        "instance_uuid": fields.UUIDField(),
        "operation": fields.StringField(),
        "request_id": fields.StringField(nullable=True),
        "arguments": fields.JsonField(),
        "attempt": fields.IntegerField(),
        "worker": fields.StringField(nullable=True),
    }

    @classmethod
    @base.remotable
    def claim(
        cls,
        context: nova_context.RequestContext,
        action_id: int,
        worker: str,
        instance_uuid: str,
        updates: dict[str, Any],
        networked: dict[str, Any] | None = None,
    ) -> list[Any]:
        """Take a queued action: [action, its Instance], or nothing.

        ``updates`` are the states of the first step; ``networked`` says what
        differs for a server whose interfaces are yet to be allocated. One
        for which a delete was asked keeps its own, and the Instance shows
        them.
        """
        rows = base.repository("journal").begin(
            action_id, worker, instance_uuid, updates, networked
        )
        if not rows:
            return []
        action, instance = rows[0]
        return [
            cls.from_row(context, action),
            Instance.from_row(context, instance),
        ]

    @base.remotable
    def advance(self, updates: dict[str, Any]) -> bool:
        """The next step: states of the server, while the row is held."""
        done: bool = base.repository("journal").advance(
            self.id, self.worker, self.instance_uuid, updates
        )
        return done

    @base.remotable
    def note(self, event: dict[str, Any]) -> bool:
        """How far a step has come, in the details of its event."""
        done: bool = base.repository("journal").note(
            self.id, self.worker, event
        )
        return done

    @base.remotable
    def finish(self, updates: dict[str, Any], event: dict[str, Any]) -> bool:
        """Success: final states, event and the row's end, at once."""
        done: bool = base.repository("journal").finish(
            self.id, self.worker, self.instance_uuid, updates, event
        )
        return done

    @base.remotable
    def fail(
        self,
        updates: dict[str, Any],
        event: dict[str, Any],
        fault: dict[str, Any],
    ) -> bool:
        """Failure: fault, final states, event and the row's end, at once."""
        done: bool = base.repository("journal").fail(
            self.id,
            self.worker,
            self.instance_uuid,
            updates,
            event,
            fault,
            deleting=self.operation == "delete",
        )
        return done

    @base.remotable
    def preempted(self, event: dict[str, Any]) -> bool:
        """The operation stopped because a delete goes before it."""
        done: bool = base.repository("journal").preempted(
            self.id, self.worker, event
        )
        return done

    @base.remotable
    def reschedule(
        self,
        arguments: dict[str, Any],
        event: dict[str, Any],
        failed_host: str,
    ) -> bool:
        """Give the action back to conductor, for another host."""
        done: bool = base.repository("journal").reschedule(
            self.id,
            self.worker,
            self.instance_uuid,
            arguments,
            event,
            failed_host,
            transitions.TABLE[self.operation].during,
        )
        return done

    @base.remotable
    def deleted(self, event: dict[str, Any]) -> bool:
        """The server is gone: free its allocation, end all its actions."""
        done: bool = base.repository("deletion").deleted(
            self.id, self.worker, self.instance_uuid, event
        )
        return done
