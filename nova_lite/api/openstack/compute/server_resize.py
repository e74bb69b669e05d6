# SPDX-License-Identifier: Apache-2.0
"""The actions resize, confirmResize, revertResize and migrate."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import server_resize as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import migrate_server as migrate_policies
from nova_lite.policies import servers as policies


class ServerResizeController(common.Controller):
    """POST /servers/{server_id}/action {"resize": ...} and its kin."""

    @operation(body=schemas.RESIZE, status=202)
    def resize(self, request: Request, server_id: str, body: Any) -> None:
        """Give a server another flavor."""
        row = common.allowed_instance(request, server_id, policies.RESIZE)
        asked = body["resize"]
        self.compute_api.resize(
            request.context,
            row,
            str(asked["flavorRef"]),
            asked.get("OS-DCF:diskConfig"),
        )

    @operation(body=schemas.CONFIRM_RESIZE, status=204)
    def confirm(self, request: Request, server_id: str, body: Any) -> None:
        """Let a resized server's earlier disks go."""
        row = common.allowed_instance(
            request, server_id, policies.CONFIRM_RESIZE
        )
        self.compute_api.confirm_resize(request.context, row)

    @operation(body=schemas.REVERT_RESIZE, status=202)
    def revert(self, request: Request, server_id: str, body: Any) -> None:
        """Let a resized server be what it was."""
        row = common.allowed_instance(
            request, server_id, policies.REVERT_RESIZE
        )
        self.compute_api.revert_resize(request.context, row)

    @operation(body=schemas.MIGRATE, status=202)
    def migrate(self, request: Request, server_id: str, body: Any) -> None:
        """Move a server while it is off."""
        host = None
        if schemas.NAMES_HOST.at(request.version):
            host = (body["migrate"] or {}).get("host")
        # Each has a rule of its own, as upstream.
        row = common.allowed_instance(
            request,
            server_id,
            migrate_policies.MIGRATE
            if host is None
            else migrate_policies.MIGRATE_HOST,
        )
        self.compute_api.migrate(request.context, row, host)
