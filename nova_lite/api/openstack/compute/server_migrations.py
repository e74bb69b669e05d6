# SPDX-License-Identifier: Apache-2.0
"""A server's live migrations that are on their way."""

from __future__ import annotations

from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import (
    server_migrations as schemas,
)
from nova_lite.api.openstack.compute.views import migrations as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute import live_migration
from nova_lite.db.repositories import migration
from nova_lite.policies import servers_migrations as policies


class ServerMigrationsController(common.Controller):
    """/servers/{server_id}/migrations."""

    @operation(
        since="2.23",
        query=schemas.QUERY,
        answer={"migrations": [views.OF_SERVER]},
    )
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """List the live migrations of a server."""
        server = common.allowed_instance(request, server_id, policies.INDEX)
        view = views.View(
            request,
            self.settings,
            policy.allows(
                request.context, policies.HOST, common.owner(server)
            ),
        )
        rows = common.read(migration.in_progress, server_id)
        return {
            "migrations": [
                views.OF_SERVER.show(request.version, row, view)
                for row in rows
            ]
        }

    @operation(
        since="2.23",
        query=schemas.QUERY,
        answer={"migration": views.OF_SERVER},
    )
    def show(
        self, request: Request, server_id: str, migration_id: str
    ) -> dict[str, Any]:
        """Show one of them."""
        common.allowed_instance(request, server_id, policies.SHOW)
        row = _get(server_id, migration_id)
        if row["migration_type"] != migration.LIVE:
            raise exception.NotFound(
                f"Migration {migration_id} for server {server_id} is not "
                f"live-migration."
            )
        if row["status"] not in migration.IN_PROGRESS:
            raise exception.NotFound(
                f"Live migration {migration_id} for server {server_id} is "
                f"not in progress."
            )
        view = views.View(request, self.settings, sees_hosts=True)
        return {"migration": views.OF_SERVER.show(request.version, row, view)}

    @operation(since="2.24", status=202, errors=(409, 501))
    def delete(
        self, request: Request, server_id: str, migration_id: str
    ) -> None:
        """Abort a live migration."""
        server = common.allowed_instance(request, server_id, policies.DELETE)
        live_migration.check_state(server, "abort live migration")
        row = _get(server_id, migration_id)
        live_migration.abort(row, views.ABORTABLE.at(request.version))

    @operation(
        since="2.22",
        body=schemas.FORCE_COMPLETE,
        status=202,
        errors=(409, 501),
    )
    def force_complete(
        self, request: Request, server_id: str, migration_id: str, body: Any
    ) -> None:
        """Make a live migration end now."""
        server = common.allowed_instance(
            request, server_id, policies.FORCE_COMPLETE
        )
        if server["locked"] and not request.context.is_admin:
            raise exception.InstanceIsLocked(instance_uuid=server_id)
        live_migration.check_state(server, "force_complete")
        try:
            row = _get(server_id, migration_id)
        except exception.MigrationNotFoundForInstance as error:
            # Here, and only here, upstream calls it a wrong request.
            raise exception.ValidationError(
                detail=error.format_message()
            ) from error
        live_migration.force_complete(row)


def _get(server_id: str, migration_id: str) -> dict[str, Any]:
    """Raises: MigrationNotFoundForInstance."""
    row = common.read(migration.get, server_id, migration_id)
    if row is None:
        raise exception.MigrationNotFoundForInstance(
            migration_id=migration_id, instance_id=server_id
        )
    return row
