# SPDX-License-Identifier: Apache-2.0
"""The actions addFloatingIp and removeFloatingIp of a server, up to 2.43."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import floating_ips as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.network import model
from nova_lite.policies import floating_ips as policies

_LAST = "2.43"


class ServerFloatingIPsController(common.Controller):
    """POST /servers/{server_id}/action {"addFloatingIp": ...} and back."""

    @operation(
        until=_LAST, body=schemas.ADD_FLOATING_IP, status=202, errors=(501,)
    )
    def add(self, request: Request, server_id: str, body: Any) -> None:
        """Lead a floating IP to a fixed one of a server.

        To the one that is named, or to the first of IPv4.
        """
        row = common.allowed_instance(request, server_id, policies.ADD)
        networks = self.networks(request)
        asked = body["addFloatingIp"]
        address = asked["address"]
        fixed = _chosen(row, address, asked.get("fixed_address"))
        try:
            networks.associate_floating_ip(
                request.context, row["uuid"], address, fixed
            )
        except exception.FloatingIpNotFoundForAddress:
            raise exception.NotFound("floating IP not found") from None
        except (exception.Conflict, exception.NotFound) as error:
            raise exception.Invalid(error.format_message()) from error
        self.compute_api.network_changed(request.context, row)

    @operation(
        until=_LAST,
        body=schemas.REMOVE_FLOATING_IP,
        status=202,
        errors=(409, 501),
    )
    def remove(self, request: Request, server_id: str, body: Any) -> None:
        """Let a floating IP lead to a server no more."""
        row = common.allowed_instance(request, server_id, policies.REMOVE)
        address = body["removeFloatingIp"]["address"]
        self.networks(request).disassociate_floating_ip(
            request.context, row["uuid"], address
        )
        self.compute_api.network_changed(request.context, row)


def _chosen(row: Mapping[str, Any], floating: str, asked: str | None) -> str:
    """The address of a server that a floating one is to lead to.

    Raises: Invalid.
    """
    info = model.load(row["network_info"])
    if not info:
        raise exception.Invalid("Instance network is not ready yet")
    fixed = [ip.address for vif in info for ip in vif.fixed_ips]
    if not fixed:
        raise exception.Invalid("No fixed IPs associated to instance")
    if asked is not None:
        if asked not in fixed:
            raise exception.Invalid(
                "Specified fixed address not assigned to instance"
            )
        return asked
    for address in fixed:
        if ":" not in address:
            return address
    raise exception.Invalid(
        f"Unable to associate floating IP {floating} to any fixed IPs for "
        f"instance {row['uuid']}. Instance has no fixed IPv4 addresses to "
        "associate."
    )
