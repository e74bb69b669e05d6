# SPDX-License-Identifier: Apache-2.0
"""The ports of a server: made or taken, bound, and given back.

Run by nova-lite-compute and conductor with the daemons' account, which alone
may bind. A port's device_id names its server, so whoever comes after a crash
finds every port; binding:profile says which of them nova_lite made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.network import api, vifs
from nova_lite.network.groups import Groups
from nova_lite.network.model import VIF
from nova_lite.network.service import Row
from nova_lite.network.validation import Validation, see_takable

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

# How often a port is taken anew that changed since it was read.
_TAKES = 3


@dataclass(frozen=True, slots=True)
class _Interface:
    """A request, and the port that it already has."""

    request: api.NetworkRequest
    port: Row | None


class Interfaces(Validation, Groups):
    """The interfaces of a server."""

    def allocate(
        self,
        context: api.Context,
        owner: api.Owner,
        requested: api.Requested,
        host: str,
        security_groups: Collection[str] = (),
    ) -> list[VIF]:
        if requested == api.NONE or not self.exists(context):
            return []
        before = self._own_ports(context, owner, as_account=True)
        wanted = self._resolved(context, owner, requested)
        plan = _matched(wanted, before)
        return self._bring_about(
            context, owner, plan, host, security_groups, before
        )

    def attach(
        self,
        context: api.Context,
        owner: api.Owner,
        request: api.NetworkRequest,
        host: str,
        security_groups: Collection[str] = (),
    ) -> VIF:
        before = self._own_ports(context, owner, as_account=True)
        if request.port_id or request.network_id:
            wanted = request
        else:
            found = self._resolved(context, owner, ())
            if not found:
                raise exception.InterfaceAttachFailedNoNetwork(
                    project_id=owner.project_id
                )
            [wanted] = found
            wanted = api.NetworkRequest(
                wanted.network_id, tag=request.tag, key=request.key
            )
        again = [
            port
            for port in before
            if port["id"] == wanted.port_id
            or (wanted.key and _profile(port, vifs.KEY) == wanted.key)
        ]
        plan = [_Interface(wanted, again[0] if again else None)]
        [vif] = self._bring_about(
            context, owner, plan, host, security_groups, before
        )
        return vif

    def deallocate(
        self,
        context: api.Context,
        instance_uuid: str,
        host: str | None = None,
    ) -> None:
        if self.exists(context):
            self._let_all_go(context, instance_uuid, host=host)

    def detach(
        self, context: api.Context, instance_uuid: str, port_id: str
    ) -> None:
        with contextlib.suppress(exception.PortNotFound):
            port = self._port(context, port_id, as_account=True)
            if port["device_id"] == instance_uuid:
                self._let_go(context, port)

    def bind(
        self, context: api.Context, owner: api.Owner, host: str | None
    ) -> None:
        to: dict[str, Any] = {"binding:host_id": host or ""}
        for port in self._own_ports(context, owner, as_account=True):
            if port.get("binding:host_id", "") == (host or ""):
                continue
            # One that is gone meanwhile needs no host.
            with contextlib.suppress(exception.PortNotFound):
                bound = self._update_port(
                    context, port["id"], as_account=True, **to
                )
                if host:
                    _see_bound(bound)

    def info(self, context: api.Context, owner: api.Owner) -> list[VIF]:
        ports = self._own_ports(context, owner)
        taken = [port["id"] for port in ports]
        around = self._around(context, ports, taken, {}, as_account=False)
        return [around.vif(port) for port in ports]

    # --- steps ---

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

    def _resolved(
        self,
        context: api.Context,
        owner: api.Owner,
        requested: api.Requested,
    ) -> Sequence[api.NetworkRequest]:
        """Interfaces instead of "auto" and of nothing."""
        if requested and not isinstance(requested, str):
            return requested
        project_id = owner.project_id
        found = [
            row["id"]
            for row in self._own_networks(
                context, project_id, requested, as_account=True
            )
        ]
        if not found and requested == api.AUTO:
            path = f"/auto-allocated-topology/{project_id}"
            made = self._send(context, "GET", path, as_account=True)
            found = [made["auto_allocated_topology"]["id"]]
        return [api.NetworkRequest(network_id=ident) for ident in found]

    def _bring_about(
        self,
        context: api.Context,
        owner: api.Owner,
        plan: Sequence[_Interface],
        host: str,
        security_groups: Collection[str],
        before: Sequence[Row],
    ) -> list[VIF]:
        """All interfaces of the plan, or none of those that are new."""
        if not plan:
            return []
        try:
            networks = self._networks_of(
                context, [s.request.network_id for s in plan], as_account=True
            )
            ports = self._ports(
                context, owner, plan, host, security_groups, networks
            )
            for port in ports:
                _see_bound(port)
            users = [p["id"] for p in ports if not vifs.is_ours(p)]
            around = self._around(
                context, ports, users, networks, as_account=True
            )
        except exception.NovaLiteException:
            kept = {port["id"] for port in before}
            with contextlib.suppress(exception.NovaLiteException):
                self._let_all_go(context, owner.uuid, kept)
            raise
        pairs = zip(plan, ports, strict=True)
        return [around.vif(port, step.request.tag) for step, port in pairs]

    def _ports(
        self,
        context: api.Context,
        owner: api.Owner,
        plan: Sequence[_Interface],
        host: str,
        security_groups: Collection[str],
        networks: Mapping[str, Row],
    ) -> list[Row]:
        """The ports of the plan, bound, in its order."""
        common = {
            "device_id": owner.uuid,
            "device_owner": f"compute:{owner.zone}",
            "binding:host_id": host,
        }
        if self._has_names(context):
            common["dns_name"] = owner.hostname
        new = [
            step.request
            for step in plan
            if not step.port and not step.request.port_id
        ]
        made = iter(
            self._create(
                context, owner, new, common, security_groups, networks
            )
        )
        found = []
        for step in plan:
            if step.port:
                found.append(self._rebound(context, step.port, common))
            elif step.request.port_id:
                found.append(
                    self._take(context, owner, step.request.port_id, common)
                )
            else:
                found.append(next(made))
        return found

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
            revision = port.get("revision_number")
            match = {"If-Match": f"revision_number={revision}"}
            with contextlib.suppress(exception.RevisionChanged):
                return self._update_port(
                    context,
                    port_id,
                    headers=match if revision is not None else {},
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

    def _networks_of(
        self,
        context: api.Context,
        idents: Iterable[str | None],
        *,
        as_account: bool,
    ) -> dict[str, Row]:
        """Networks by id, without those that are not there."""
        wanted = {ident for ident in idents if ident}
        rows = self._among(
            context, "networks", "id", wanted, as_account=as_account
        )
        return {row["id"]: row for row in rows}

    def _around(
        self,
        context: api.Context,
        ports: Sequence[Row],
        maybe_floating: Iterable[str],
        networks: Mapping[str, Row],
        *,
        as_account: bool,
    ) -> vifs.Surroundings:
        idents = {port["network_id"] for port in ports}
        more = self._networks_of(
            context, idents - set(networks), as_account=as_account
        )
        floating = list(maybe_floating)
        if floating and not self.has_extension(context, "router"):
            floating = []
        return vifs.Surroundings(
            networks=[*networks.values(), *more.values()],
            subnets=self._among(
                context, "subnets", "network_id", idents, as_account=as_account
            ),
            floating_ips=self._among(
                context,
                "floatingips",
                "port_id",
                floating,
                as_account=as_account,
            ),
            ovs_bridge=CONF.neutron.ovs_bridge,
        )

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
                return
            free: dict[str, Any] = {
                "device_id": "",
                "device_owner": "",
                "binding:host_id": "",
            }
            if port.get("dns_name"):
                free["dns_name"] = ""
            self._update_port(context, port["id"], as_account=True, **free)


def _matched(
    wanted: Sequence[api.NetworkRequest], before: Sequence[Row]
) -> list[_Interface]:
    """The requests with the ports that an earlier attempt left for them."""
    free = list(before)
    found: dict[int, Row] = {}
    # Whoever takes any address leaves to others what they have chosen.
    chosen_first = sorted(
        enumerate(wanted), key=lambda one: not one[1].address
    )
    for place, request in chosen_first:
        port = next((p for p in free if _meets(p, request)), None)
        if port is not None:
            free.remove(port)
            found[place] = port
    return [
        _Interface(request, found.get(place))
        for place, request in enumerate(wanted)
    ]


def _meets(port: Row, request: api.NetworkRequest) -> bool:
    if request.port_id:
        return bool(port["id"] == request.port_id)
    addresses = [ip["ip_address"] for ip in port["fixed_ips"]]
    return (
        vifs.is_ours(port)
        and port["network_id"] == request.network_id
        and (not request.address or request.address in addresses)
    )


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


def _profile(port: Row, name: str) -> Any:
    return vifs.profile_of(port).get(name)


def _see_bound(port: Row) -> None:
    """Raises: PortBindingFailed."""
    if port.get("binding:vif_type") == "binding_failed":
        raise exception.PortBindingFailed(port_id=port["id"])
