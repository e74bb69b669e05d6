# SPDX-License-Identifier: Apache-2.0
"""The actions addFixedIp and removeFixedIp of a server, up to 2.43."""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import multinic as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import multinic as policies

_LAST = "2.43"


class MultinicController(common.Controller):
    """POST /servers/{server_id}/action {"addFixedIp": ...} and its kin."""

    @operation(
        until=_LAST, body=schemas.ADD_FIXED_IP, status=202, errors=(501,)
    )
    def add(self, request: Request, server_id: str, body: Any) -> None:
        """Give a server one more address on a network that it is on."""
        row = common.allowed_instance(request, server_id, policies.ADD)
        self.networks(request)
        network_id = str(body["addFixedIp"]["networkId"])
        self.compute_api.add_fixed_ip(request.context, row, network_id)

    @operation(
        until=_LAST, body=schemas.REMOVE_FIXED_IP, status=202, errors=()
    )
    def remove(self, request: Request, server_id: str, body: Any) -> None:
        """Take an address from a server."""
        row = common.allowed_instance(request, server_id, policies.REMOVE)
        self.networks(request)
        address = body["removeFixedIp"]["address"]
        try:
            self.compute_api.remove_fixed_ip(request.context, row, address)
        except exception.FixedIpNotFoundForSpecificInstance as error:
            raise exception.Invalid(error.format_message()) from error
