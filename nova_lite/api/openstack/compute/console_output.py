# SPDX-License-Identifier: Apache-2.0
"""The os-getConsoleOutput action of a server."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import console_output as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import console_output as policies


class ConsoleOutputController(common.Controller):
    """POST /servers/{server_id}/action {"os-getConsoleOutput": {...}}."""

    @operation(body=schemas.GET)
    def get_console_output(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, str]:
        """The last lines of a server's console."""
        row = common.allowed_instance(request, server_id, policies.SHOW)
        length = body["os-getConsoleOutput"].get("length")
        lines = None if length is None else int(length)
        if lines == -1:
            lines = None
        output = self.compute_api.get_console_output(
            request.context, row, lines
        )
        # As upstream: no control characters but tabs and ends of lines.
        clean = "".join(c for c in output if c in "\t\n" or c >= " ")
        return {"output": clean}
