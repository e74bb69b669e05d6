# SPDX-License-Identifier: Apache-2.0
"""The interfaces of a server: from what was asked for to ports, and back.

Run by nova-lite-compute and conductor.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.network import api, vifs
from nova_lite.network.model import VIF
from nova_lite.network.ports import Ports
from nova_lite.network.service import Row
from nova_lite.network.validation import Validation

CONF = cfg.CONF


@dataclass(frozen=True, slots=True)
class _Interface:
    """A request, and the port that it already has."""

    request: api.NetworkRequest
    port: Row | None


class Interfaces(Validation, Ports):
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


def _profile(port: Row, name: str) -> Any:
    return vifs.profile_of(port).get(name)


def _see_bound(port: Row) -> None:
    """Raises: PortBindingFailed."""
    if port.get("binding:vif_type") == "binding_failed":
        raise exception.PortBindingFailed(port_id=port["id"])
