# SPDX-License-Identifier: Apache-2.0
"""A migration, as the daemons at both of its ends follow it."""

from __future__ import annotations

from typing import Any, Self

from nova_lite import context as nova_context
from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class Migration(base.NovaObject):
    """A server on its way from one host to another, or to another flavor."""

    VERSION = "1.0"

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
