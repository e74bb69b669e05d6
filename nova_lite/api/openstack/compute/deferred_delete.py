# SPDX-License-Identifier: Apache-2.0
"""The actions restore and forceDelete of a server."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import deferred_delete as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import deferred_delete as policies


class DeferredDeleteController(common.Controller):
    """POST /servers/{server_id}/action {"restore": ...} and the other."""

    @operation(body=schemas.RESTORE, status=202)
    def restore(self, request: Request, server_id: str, body: Any) -> None:
        """Take back the deletion of a server."""
        row = common.allowed_instance(request, server_id, policies.RESTORE)
        self.compute_api.restore(request.context, row)

    @operation(body=schemas.FORCE_DELETE, status=202)
    def force_delete(
        self, request: Request, server_id: str, body: Any
    ) -> None:
        """Delete a server for good, whatever the configuration says."""
        row = common.allowed_instance(request, server_id, policies.FORCE)
        self.compute_api.force_delete(request.context, row)
