# SPDX-License-Identifier: Apache-2.0
"""Which networks and ports a request means, and whether it may have them."""

from __future__ import annotations

from collections.abc import Sequence

from nova_lite import exception
from nova_lite.network import api
from nova_lite.network.service import Row, Service

# Of nova_lite.policies.networks_of_servers.
_ATTACH_EXTERNAL = "network:attach_external_network"
_CHOOSE_FIXED_IP = "network:choose_fixed_ip"


class Validation(Service):
    """The checks of the API process, with the user's own token."""

    def validate(
        self,
        context: api.Context,
        project_id: str,
        requested: api.Requested,
        servers: int = 1,
    ) -> int:
        if requested == api.NONE:
            return servers
        if not self.exists(context):
            if requested:
                raise exception.UnsupportedNetworks
            return servers
        needed = self._ports_needed(context, project_id, requested)
        if not needed:
            return servers
        path = f"/quotas/{project_id}"
        quota = self._send(context, "GET", path)["quota"]
        limit = int(quota.get("port", -1))
        if limit < 0:
            return servers
        mine = {"project_id": project_id, "fields": "id"}
        free = limit - len(self._all(context, "ports", mine))
        if free < needed:
            raise exception.PortLimitExceeded
        return min(servers, free // needed)

    def _ports_needed(
        self, context: api.Context, project_id: str, requested: api.Requested
    ) -> int:
        """How many ports each server has to be given."""
        if isinstance(requested, str) or not requested:
            networks = self._own_networks(context, project_id, requested)
            if networks:
                self._see_usable(context, networks)
            elif requested == api.AUTO:
                self._see_allocatable(context, project_id)
            else:
                return 0
            return 1
        self._see_ports(context, project_id, requested)
        named = [one for one in requested if not one.port_id]
        idents = {one.network_id for one in named if one.network_id}
        networks = self._among(context, "networks", "id", idents)
        lost = idents - {row["id"] for row in networks}
        if lost:
            raise exception.NetworkNotFound(network_id=", ".join(sorted(lost)))
        self._see_usable(context, networks)
        by_id = {row["id"]: row for row in networks}
        for one in named:
            if one.address:
                _see_choosable(context, by_id[one.network_id or ""])
                self._see_free(context, one)
        return len(named)

    def _own_networks(
        self,
        context: api.Context,
        project_id: str,
        requested: api.Requested,
        *,
        as_account: bool = False,
    ) -> list[Row]:
        """The one network that a request without one means, or none.

        Raises: NetworkAmbiguous.
        """
        up = {"admin_state_up": True} if requested == api.AUTO else {}
        found: dict[str, Row] = {}
        for filters in (
            {"project_id": project_id, "shared": False, **up},
            {"shared": True, **up},
        ):
            rows = self._all(
                context, "networks", filters, as_account=as_account
            )
            found |= {row["id"]: row for row in rows}
        if len(found) > 1:
            raise exception.NetworkAmbiguous
        return list(found.values())

    def _see_usable(
        self, context: api.Context, networks: Sequence[Row]
    ) -> None:
        for network in networks:
            ident = network["id"]
            if not network.get("subnets"):
                raise exception.NetworkRequiresSubnet(network_id=ident)
            outside = network.get("router:external")
            if (
                outside
                and not network.get("shared")
                and not _allows(context, _ATTACH_EXTERNAL)
            ):
                raise exception.ExternalNetworkAttachForbidden(
                    network_id=ident
                )

    def _see_allocatable(self, context: api.Context, project_id: str) -> None:
        """Whether the service would make a network for the project."""
        refused = exception.UnableToAutoAllocateNetwork(project_id=project_id)
        if not self.has_extension(context, "auto-allocated-topology"):
            raise refused
        path = f"/auto-allocated-topology/{project_id}"
        try:
            self._send(context, "GET", path, params={"fields": "dry-run"})
        except (exception.Invalid, exception.NotFound, exception.Conflict):
            raise refused from None

    def _see_ports(
        self,
        context: api.Context,
        project_id: str,
        requested: Sequence[api.NetworkRequest],
    ) -> None:
        idents = [one.port_id for one in requested if one.port_id]
        ports = {
            port["id"]: port
            for port in self._among(context, "ports", "id", idents)
        }
        for ident in idents:
            if ident not in ports:
                raise exception.PortNotFound(port_id=ident)
            if ports[ident]["device_id"] or idents.count(ident) > 1:
                raise exception.PortInUse(port_id=ident)
            see_takable(ports[ident], project_id)

    def _see_free(
        self, context: api.Context, request: api.NetworkRequest
    ) -> None:
        filters = {
            "network_id": request.network_id,
            "fixed_ips": f"ip_address={request.address}",
        }
        for port in self._all(context, "ports", filters):
            raise exception.FixedIpAlreadyInUse(
                address=request.address,
                instance_uuid=port["device_id"] or "none",
            )


def see_takable(port: Row, project_id: str) -> None:
    """Raises: PortNotUsable, PortRequiresFixedIP."""
    ident = port["id"]
    if port["project_id"] != project_id:
        raise exception.PortNotUsable(
            f"Port {ident} is of another project than the server."
        )
    # Others say by this that they get an address later, or never.
    bare = port.get("ip_allocation") in ("deferred", "none")
    if not port["fixed_ips"] and not bare:
        raise exception.PortRequiresFixedIP(port_id=ident)


def _see_choosable(context: api.Context, network: Row) -> None:
    """Whether the user may say which address a server has there.

    The port is made in the account's name, so nobody else asks.
    Raises: FixedIpNotAllowed.
    """
    own = network["project_id"] == context.project_id
    if not own and not _allows(context, _CHOOSE_FIXED_IP):
        raise exception.FixedIpNotAllowed(network_id=network["id"])


def _allows(context: api.Context, rule: str) -> bool:
    # Only the API process asks, and only of others' networks; the other
    # daemons, which have this client too, are spared oslo.policy: 5 MiB.
    from nova_lite import policy

    return policy.allows(context, rule)
