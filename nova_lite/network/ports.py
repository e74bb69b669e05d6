# SPDX-License-Identifier: Apache-2.0
"""The ports of a server: made or taken, bound, and given back.

Done with the daemons' account, which alone may bind. A port's device_id names
its server, so whoever comes after a crash finds every port; binding:profile
says which of them nova_lite made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nova_lite import exception
from nova_lite.network import api, vifs
from nova_lite.network.groups import Groups
from nova_lite.network.service import Row
from nova_lite.network.validation import see_takable

# How often a port is taken, or let go, anew that changed since it was read.
_TAKES = 3


class Ports(Groups):
    """What is done to a server's ports."""

    def _own_ports(
        self,
        context: api.Context,
        owner: api.Owner,
        *,
        as_account: bool = False,
    ) -> list[Row]:
        """The ports of a server, but not those that others say are its.

        Whoever knows a server's uuid can write it on a port of his own.
        """
        found = self._ports_of(context, owner.uuid, as_account=as_account)
        return [
            port for port in found if port["project_id"] == owner.project_id
        ]

    def _has_names(self, context: api.Context) -> bool:
        return self.has_extension(context, "dns-integration")

    def _create(
        self,
        context: api.Context,
        owner: api.Owner,
        requests: Sequence[api.NetworkRequest],
        common: Mapping[str, Any],
        security_groups: Collection[str],
        networks: Mapping[str, Row],
    ) -> list[Row]:
        """New ports in one request, in their order."""
        if not requests:
            return []
        groups = self._group_ids(context, owner.project_id, security_groups)
        bodies = []
        for request in requests:
            network = networks.get(request.network_id or "")
            if network is None:
                raise exception.NetworkNotFound(network_id=request.network_id)
            bodies.append(
                {
                    **common,
                    **_new_port(request, network, groups),
                    "project_id": owner.project_id,
                }
            )
        made: list[Row] = self._send(
            context, "POST", "/ports", {"ports": bodies}, as_account=True
        )["ports"]
        return made

    def _take(
        self,
        context: api.Context,
        owner: api.Owner,
        port_id: str,
        common: Mapping[str, Any],
    ) -> Row:
        """A port that the user made, unless another server was quicker."""
        for _ in range(_TAKES):
            port = self._port(context, port_id, as_account=True)
            if port["device_id"] not in ("", owner.uuid):
                raise exception.PortInUse(port_id=port_id)
            see_takable(port, owner.project_id)
            named = port.get("dns_name")
            if named and named != owner.hostname:
                raise exception.PortNotUsableDNS(
                    port_id=port_id, value=named, hostname=owner.hostname
                )
            with contextlib.suppress(exception.RevisionChanged):
                return self._update_port(
                    context,
                    port_id,
                    headers=_unchanged(port),
                    as_account=True,
                    **common,
                )
        raise exception.PortInUse(port_id=port_id)

    def _rebound(
        self, context: api.Context, port: Row, common: Mapping[str, Any]
    ) -> Row:
        """A port that the server has from an earlier attempt."""
        host: dict[str, Any] = {"binding:host_id": common["binding:host_id"]}
        failed = port.get("binding:vif_type") == "binding_failed"
        if failed or port.get("binding:host_id") != common["binding:host_id"]:
            return self._update_port(
                context, port["id"], as_account=True, **host
            )
        return port

    def _let_all_go(
        self,
        context: api.Context,
        instance_uuid: str,
        but: Collection[str] = (),
        host: str | None = None,
    ) -> None:
        for port in self._ports_of(context, instance_uuid, as_account=True):
            elsewhere = host and port.get("binding:host_id") not in ("", host)
            if port["id"] not in but and not elsewhere:
                self._let_go(context, port)

    def _let_go(self, context: api.Context, port: Row) -> None:
        """Delete a port, or take the server off the user's own."""
        with contextlib.suppress(exception.PortNotFound):
            if vifs.is_ours(port):
                path = f"/ports/{port['id']}"
                self._send(context, "DELETE", path, as_account=True)
            else:
                self._free(context, port)

    def _free(self, context: api.Context, port: Row) -> None:
        """Take the server off a port, unless it is another's by now."""
        server = port["device_id"]
        free: dict[str, Any] = {
            "device_id": "",
            "device_owner": "",
            "binding:host_id": "",
        }
        if port.get("dns_name"):
            free["dns_name"] = ""
        for left in reversed(range(_TAKES)):
            if port["device_id"] != server:
                return
            try:
                self._update_port(
                    context,
                    port["id"],
                    # One that changes without end is let go as it is.
                    headers=_unchanged(port) if left else {},
                    as_account=True,
                    **free,
                )
                return
            except exception.RevisionChanged:
                port = self._port(context, port["id"], as_account=True)


def _unchanged(port: Row) -> dict[str, str]:
    """Headers that refuse a change of a port that is not as it was read."""
    revision = port.get("revision_number")
    if revision is None:
        return {}
    return {"If-Match": f"revision_number={revision}"}


def _new_port(
    request: api.NetworkRequest, network: Row, groups: Sequence[str]
) -> dict[str, Any]:
    """What a new port has of its own.

    Raises: NetworkRequiresSubnet, SecurityGroupCannotBeApplied.
    """
    if not network.get("subnets"):
        raise exception.NetworkRequiresSubnet(network_id=network["id"])
    profile: dict[str, Any] = {vifs.CREATED: True}
    if request.key:
        profile[vifs.KEY] = request.key
    body: dict[str, Any] = {
        "network_id": network["id"],
        "admin_state_up": True,
        "binding:profile": profile,
    }
    if request.address:
        body["fixed_ips"] = [{"ip_address": request.address}]
    if groups:
        if not network.get("port_security_enabled", True):
            raise exception.SecurityGroupCannotBeApplied
        body["security_groups"] = list(groups)
    return body
