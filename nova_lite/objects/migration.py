# SPDX-License-Identifier: Apache-2.0
"""A migration, as the daemons at both of its ends follow it."""

from __future__ import annotations

from typing import Any, Self

from nova_lite import context as nova_context
from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class Migration(base.NovaObject):
    """A server on its way from one host to another, or to another flavor."""

    # 1.1: get_by_uuid, unended, let_go, give_back, confirm_overdue
    VERSION = "1.1"

    fields = {
        "id": fields.IntegerField(),
        "uuid": fields.UUIDField(),
        "instance_uuid": fields.UUIDField(),
        "user_id": fields.StringField(nullable=True),
        "project_id": fields.StringField(nullable=True),
        "migration_type": fields.StringField(),
        "status": fields.StringField(),
        "source_compute": fields.StringField(nullable=True),
        "source_node": fields.StringField(nullable=True),
        "dest_compute": fields.StringField(nullable=True),
        "dest_node": fields.StringField(nullable=True),
        "dest_host": fields.StringField(nullable=True),
        "old_flavor": fields.JsonField(),
        "new_flavor": fields.JsonField(),
    }

    @classmethod
    @base.remotable
    def create(
        cls, context: nova_context.RequestContext, values: dict[str, Any]
    ) -> Self:
        """Write a migration down."""
        return cls.from_row(
            context, base.repository("migration").create(values)
        )

    @base.remotable
    def update(self, values: dict[str, Any]) -> bool:
        """Change what is known of it; False when it is purged."""
        done: bool = base.repository("migration").update(self.uuid, values)
        return done

    @classmethod
    @base.remotable
    def get_by_uuid(
        cls, context: nova_context.RequestContext, uuid: str
    ) -> Self:
        """Read one. Raises: MigrationNotFound."""
        return cls.from_row(
            context, base.repository("migration").by_uuid(uuid)
        )

    @classmethod
    @base.remotable
    def unended(
        cls, context: nova_context.RequestContext, instance_uuid: str
    ) -> Self | None:
        """A server's resize that is neither confirmed nor undone."""
        row = base.repository("resize").unended(instance_uuid)
        return None if row is None else cls.from_row(context, row)

    @property
    def is_done(self) -> bool:
        """Whether the guest has moved: it waits to be confirmed, or is."""
        return self.status in ("finished", "confirming")

    @base.remotable
    def let_go(self) -> None:
        """It is confirmed: free what the server had before."""
        base.repository("resize").let_go(self.uuid)

    @base.remotable
    def give_back(self, status: str) -> None:
        """It is undone: the server has again what it had before."""
        base.repository("resize").give_back(
            self.uuid, self.instance_uuid, status
        )

    @classmethod
    @base.remotable
    def confirm_overdue(
        cls,
        context: nova_context.RequestContext,
        host: str,
        older_than_s: int,
    ) -> list[list[Any]]:
        """Begin to confirm what has waited on a host for so long.

        [action id, server's uuid] of each.
        """
        begun: list[list[Any]] = base.repository("resize").confirm_overdue(
            context, host, older_than_s
        )
        return begun
