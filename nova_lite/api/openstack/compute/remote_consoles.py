# SPDX-License-Identifier: Apache-2.0
"""Remote consoles: a URL that opens a server's screen or serial port."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import remote_consoles as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import remote_consoles as policies

_ERRORS = (400, 404, 409, 501, 503)


class RemoteConsolesController(common.Controller):
    """/servers/{server_id}/remote-consoles, and the actions before 2.6."""

    @operation(since="2.6", body=schemas.CREATE, errors=_ERRORS)
    def create(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Make a URL that opens a server's console once."""
        wanted = body["remote_console"]
        protocol, kind = wanted["protocol"], wanted["type"]
        url = self._url(request, server_id, protocol, kind)
        return {
            "remote_console": {"protocol": protocol, "type": kind, "url": url}
        }

    @operation(until="2.5", body=schemas.GET_VNC, errors=_ERRORS)
    def get_vnc_console(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Make a URL that opens a server's screen by VNC."""
        kind = body["os-getVNCConsole"]["type"]
        return self._old(request, server_id, "vnc", kind)

    @operation(until="2.5", body=schemas.GET_SPICE, errors=_ERRORS)
    def get_spice_console(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Make a URL that opens a server's screen by SPICE."""
        kind = body["os-getSPICEConsole"]["type"]
        return self._old(request, server_id, "spice", kind)

    @operation(until="2.5", body=schemas.GET_SERIAL, errors=_ERRORS)
    def get_serial_console(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Make a URL that opens a server's serial port."""
        kind = body["os-getSerialConsole"]["type"]
        return self._old(request, server_id, "serial", kind)

    def _old(
        self, request: Request, server_id: str, protocol: str, kind: str
    ) -> dict[str, Any]:
        url = self._url(request, server_id, protocol, kind)
        return {"console": {"type": kind, "url": url}}

    def _url(
        self, request: Request, server_id: str, protocol: str, kind: str
    ) -> str:
        row = common.allowed_instance(request, server_id, policies.CREATE)
        url: str = self.compute_api.consoles.create(
            request.context, row, protocol, kind
        )
        return url
