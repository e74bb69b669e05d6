# SPDX-License-Identifier: Apache-2.0
"""From the REST API's ports, networks and subnets to a server's interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nova_lite.network import model

Row = Mapping[str, Any]

# In a port's binding:profile: who made the port, and for which request.
CREATED = "nova_lite_created"
KEY = "nova_lite_key"


def profile_of(port: Row) -> dict[str, Any]:
    """A port's binding:profile; empty for whoever may not see it."""
    return dict(port.get("binding:profile") or {})


def is_ours(port: Row) -> bool:
    """Whether nova_lite made the port, so that it goes with its server."""
    return bool(profile_of(port).get(CREATED))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the interfaces of some ports are made of besides the ports.

    ``ovs_bridge``: where a port of Open vSwitch goes that names no bridge.
    """

    networks: Sequence[Row]
    subnets: Sequence[Row]
    floating_ips: Sequence[Row]
    ovs_bridge: str

    def vif(self, port: Row, tag: str | None = None) -> model.VIF:
        """One interface."""
        return model.VIF(
            id=port["id"],
            address=port["mac_address"],
            network=self._network(port),
            fixed_ips=tuple(self._fixed_ips(port)),
            type=port.get("binding:vif_type") or "unbound",
            vnic_type=port.get("binding:vnic_type") or "normal",
            details=dict(port.get("binding:vif_details") or {}),
            profile=profile_of(port),
            devname=model.device_name(port["id"]),
            active=not port["admin_state_up"] or port["status"] == "ACTIVE",
            preserve_on_delete=not is_ours(port),
            tag=tag,
        )

    def _network(self, port: Row) -> model.Network:
        ident = port["network_id"]
        row = next((n for n in self.networks if n["id"] == ident), {})
        segment = (row.get("segments") or [row])[0]
        own = [one for one in self.subnets if one["network_id"] == ident]
        used = {ip["subnet_id"] for ip in port["fixed_ips"]}
        return model.Network(
            id=ident,
            label=row.get("name") or "",
            project_id=row.get("project_id") or "",
            mtu=row.get("mtu") or None,
            bridge=self._bridge(port),
            network_type=segment.get("provider:network_type"),
            physical_network=segment.get("provider:physical_network"),
            dns_domain=row.get("dns_domain") or "",
            subnets=tuple(_subnet(one) for one in own if one["id"] in used),
        )

    def _bridge(self, port: Row) -> str | None:
        kind = port.get("binding:vif_type")
        details = port.get("binding:vif_details") or {}
        if kind == "ovs":
            return details.get("bridge_name") or self.ovs_bridge
        if kind in ("bridge", "tap"):
            named = details.get("bridge_name")
            return named or model.bridge_name(port["network_id"])
        return None

    def _fixed_ips(self, port: Row) -> Iterable[model.FixedIP]:
        for ip in port["fixed_ips"]:
            yield model.FixedIP(
                address=ip["ip_address"],
                subnet_id=ip["subnet_id"],
                floating_ips=tuple(
                    one["floating_ip_address"]
                    for one in self.floating_ips
                    if one["port_id"] == port["id"]
                    and one["fixed_ip_address"] == ip["ip_address"]
                ),
            )


def _subnet(row: Row) -> model.Subnet:
    return model.Subnet(
        id=row["id"],
        cidr=row["cidr"],
        version=row["ip_version"],
        gateway=row.get("gateway_ip"),
        dns=tuple(row.get("dns_nameservers") or ()),
        routes=tuple(
            model.Route(one["destination"], one["nexthop"])
            for one in row.get("host_routes") or ()
        ),
        enable_dhcp=bool(row.get("enable_dhcp")),
        ipv6_address_mode=row.get("ipv6_address_mode"),
    )
