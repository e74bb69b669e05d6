# SPDX-License-Identifier: Apache-2.0
"""The interfaces of a server: ports of the network service that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import (
    attach_interfaces as schemas,
)
from nova_lite.api.openstack.compute.views import attach_interfaces as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.network.api import NetworkRequest, plain_address
from nova_lite.policies import attach_interfaces as policies


class InterfaceAttachmentController(common.Controller):
    """/servers/{server_id}/os-interface and one of them."""

    @operation(
        query=schemas.LIST,
        answer={"interfaceAttachments": [views.INTERFACE]},
        errors=(501,),
    )
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """List a server's interfaces."""
        row = common.allowed_instance(request, server_id, policies.LIST)
        ports = self.networks(request).ports(
            request.context, {"device_id": row["uuid"]}
        )
        tags = views.tags(row)
        return {
            "interfaceAttachments": [
                views.INTERFACE.show(request.version, port, tags)
                for port in ports
            ]
        }

    @operation(
        answer={"interfaceAttachment": views.INTERFACE},
        errors=(501,),
    )
    def show(
        self, request: Request, server_id: str, port_id: str
    ) -> dict[str, Any]:
        """Show an interface of a server."""
        row = common.allowed_instance(request, server_id, policies.SHOW)
        return self._show(request, row, port_id, views.tags(row))

    def _show(
        self,
        request: Request,
        row: Mapping[str, Any],
        port_id: str,
        tags: Mapping[str, str | None],
    ) -> dict[str, Any]:
        port = self.networks(request).port(request.context, port_id)
        if port["device_id"] != row["uuid"]:
            raise exception.NotFound(
                f"Instance {row['uuid']} does not have a port with id "
                f"{port_id}"
            )
        shown = views.INTERFACE.show(request.version, port, tags)
        return {"interfaceAttachment": shown}

    @operation(
        body=schemas.CREATE,
        answer={"interfaceAttachment": views.INTERFACE},
        errors=(409, 501),
    )
    def create(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Attach an interface to a server.

        On a port, on a network, or, with neither, on the one network that
        the project sees.
        """
        row = common.allowed_instance(request, server_id, policies.CREATE)
        wanted = _wanted(body.get("interfaceAttachment", {}))
        self.networks(request)
        with _refusals():
            vif = self.compute_api.attach_interface(
                request.context, row, wanted
            )
        return self._show(request, row, vif.id, {vif.id: vif.tag})

    @operation(status=202, errors=(409, 501))
    def delete(self, request: Request, server_id: str, port_id: str) -> None:
        """Detach an interface from a server."""
        row = common.allowed_instance(request, server_id, policies.DELETE)
        self.networks(request)
        self.compute_api.detach_interface(request.context, row, port_id)


def _wanted(asked: Mapping[str, Any]) -> NetworkRequest:
    """Raises: Invalid."""
    wanted = NetworkRequest(
        network_id=asked.get("net_id"),
        port_id=asked.get("port_id"),
        address=plain_address(asked["fixed_ips"][0]["ip_address"])
        if "fixed_ips" in asked
        else None,
        tag=asked.get("tag"),
    )
    if wanted.network_id and wanted.port_id:
        raise exception.Invalid("Must not input both network_id and port_id")
    if wanted.address and not wanted.network_id:
        raise exception.Invalid(
            "Must input network_id when request IP address"
        )
    return wanted


@contextmanager
def _refusals() -> Iterator[None]:
    """Upstream's statuses, where they are other ones than at a create."""
    try:
        yield
    except exception.NetworkAmbiguous as error:
        raise exception.Invalid(error.format_message()) from error
