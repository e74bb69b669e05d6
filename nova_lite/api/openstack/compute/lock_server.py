# SPDX-License-Identifier: Apache-2.0
"""The actions lock and unlock of a server."""

from __future__ import annotations

from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import lock_server as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute import marks
from nova_lite.policies import lock_server as policies

# Before, whatever stood in the body was passed over.
_TAKES_REASON = Value(False).since("2.73", True)


class LockServerController(common.Controller):
    """POST /servers/{server_id}/action {"lock": ...}, {"unlock": ...}."""

    @operation(body=schemas.LOCK, status=202)
    def lock(self, request: Request, server_id: str, body: Any) -> None:
        """Refuse what changes a server, but to administrators."""
        row = common.allowed_instance(request, server_id, policies.LOCK)
        reason = None
        if body["lock"] and _TAKES_REASON.at(request.version):
            reason = body["lock"].get("locked_reason")
        self.compute_api.lock(request.context, row, reason)

    @operation(body=schemas.UNLOCK, status=202)
    def unlock(self, request: Request, server_id: str, body: Any) -> None:
        """Take a server's lock away."""
        row = common.allowed_instance(request, server_id, policies.UNLOCK)
        by = row["locked_by"]
        if by and by != marks.locked_by(request.context, row):
            policy.authorize(
                request.context, policies.UNLOCK_OVERRIDE, common.owner(row)
            )
        self.compute_api.unlock(request.context, row)
