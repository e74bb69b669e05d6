# SPDX-License-Identifier: Apache-2.0
"""The actions os-start, os-stop, reboot and trigger_crash_dump."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import server_power as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import servers as policies


class ServerPowerController(common.Controller):
    """POST /servers/{server_id}/action {"os-start": ...} and the others."""

    @operation(body=schemas.START, status=202)
    def start(self, request: Request, server_id: str, body: Any) -> None:
        """Start a server that is off."""
        row = common.allowed_instance(request, server_id, policies.START)
        self.compute_api.start(request.context, row)

    @operation(body=schemas.STOP, status=202)
    def stop(self, request: Request, server_id: str, body: Any) -> None:
        """Shut a server down."""
        row = common.allowed_instance(request, server_id, policies.STOP)
        self.compute_api.stop(request.context, row)

    @operation(body=schemas.REBOOT, status=202)
    def reboot(self, request: Request, server_id: str, body: Any) -> None:
        """Reboot a server, softly or by force."""
        row = common.allowed_instance(request, server_id, policies.REBOOT)
        kind = body["reboot"]["type"].upper()
        self.compute_api.reboot(request.context, row, kind)

    @operation(since="2.17", body=schemas.TRIGGER_CRASH_DUMP, status=202)
    def trigger_crash_dump(
        self, request: Request, server_id: str, body: Any
    ) -> None:
        """Make a server's kernel dump itself."""
        row = common.allowed_instance(
            request, server_id, policies.TRIGGER_CRASH_DUMP
        )
        self.compute_api.trigger_crash_dump(request.context, row)
