# SPDX-License-Identifier: Apache-2.0
"""Subnets: ranges of addresses of a network, and what DHCP tells of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from nova_lite.db.repositories import network as networks_db
from nova_lite.db.repositories import (
    network_ipam,
    network_query,
    port_addresses,
)
from nova_lite.embedded.network import checks, quotas, rules
from nova_lite.embedded.network.attributes import (
    REQUIRED,
    Attribute,
    Resource,
)
from nova_lite.embedded.network.collection import Collection, Work, standard
from nova_lite.network import addressing, errors

_MODES = ("slaac", "dhcpv6-stateful", "dhcpv6-stateless")
_AUTO_MODES = ("slaac", "dhcpv6-stateless")
_POOL = checks.needing(
    checks.mapping(start=checks.address, end=checks.address),
    ("start", "end"),
)
_ROUTE = checks.needing(
    checks.mapping(destination=checks.cidr, nexthop=checks.address),
    ("destination", "nexthop"),
)

RESOURCE = Resource(
    "subnet",
    "subnets",
    (
        Attribute("network_id", checks.uuid, REQUIRED, put=False),
        Attribute("name", checks.text(), ""),
        Attribute("description", checks.text(), ""),
        Attribute("ip_version", checks.integer(4, 6), REQUIRED, put=False),
        Attribute("cidr", checks.or_none(checks.cidr), None, put=False),
        Attribute("subnetpool_id", checks.or_none(checks.uuid), None),
        Attribute("gateway_ip", checks.or_none(checks.address)),
        Attribute("enable_dhcp", checks.boolean, True),
        Attribute("allocation_pools", checks.list_of(_POOL)),
        Attribute("dns_nameservers", checks.list_of(checks.address, 5), list),
        Attribute("host_routes", checks.list_of(_ROUTE, 20), list),
        Attribute(
            "ipv6_ra_mode",
            checks.or_none(checks.one_of(*_MODES)),
            None,
            put=False,
        ),
        Attribute(
            "ipv6_address_mode",
            checks.or_none(checks.one_of(*_MODES)),
            None,
            put=False,
        ),
    ),
)


class Subnets(Collection):
    """Handlers of /v2.0/subnets."""

    resource = RESOURCE
    table = networks_db.SUBNETS

    def prepare(
        self, context: rules.Context, values: dict[str, Any]
    ) -> dict[str, Any]:
        """Range, gateway and pools, which must fit each other."""
        if values.pop("subnetpool_id") is not None:
            raise errors.BadRequest(
                reason="this service has no subnet pools: give a cidr"
            )
        cidr = values["cidr"]
        if cidr is None:
            raise errors.BadRequest(
                reason="cidr must be specified: this service has no subnet "
                "pools to take one from"
            )
        _check_range(cidr, values["ip_version"])
        _check_modes(values)
        values.setdefault("gateway_ip", _first(values))
        _check_gateway(cidr, values["gateway_ip"])
        _check_versions(values["ip_version"], values)
        asked = values.pop("allocation_pools", None)
        values["pools"] = _pools(cidr, values["gateway_ip"], asked)
        return values

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        """Subnets count for the project that they are for."""
        quotas.reserve(work, "subnet", items)

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        """A subnet of a network that is locked meanwhile."""
        network = network_query.get(
            work.session,
            networks_db.TABLE,
            rules.viewer(work.context),
            values["network_id"],
            for_update=True,
        )
        if not rules.is_admin(work.context) and (
            network.project_id != work.context.project_id
        ):
            raise errors.Forbidden(action="create_subnet")
        known = network_ipam.subnets(work.session, network.id)
        for other in known:
            _check_apart(network.id, values["cidr"], other.cidr)
        work.changes.networks.add(network.id)
        made = networks_db.create_subnet(
            work.session, {"id": str(uuid.uuid4()), **values}
        )
        if network_ipam.is_auto(made):
            for port in port_addresses.give_automatic(work.session, made):
                work.changes.server(port, "network-changed")
        return made

    def owners(self, session: Any, row: Any) -> tuple[str, ...]:
        """The subnet's project, and the network's."""
        owner = networks_db.owner(session, row.network_id)
        return (row.project_id, owner)

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        """Gateway and pools change together, or fit what is there."""
        if values.pop("subnetpool_id", None) is not None:
            raise errors.BadRequest(reason="this service has no subnet pools")
        _check_versions(row.ip_version, values)
        gateway = values.get("gateway_ip", row.gateway_ip)
        if gateway != row.gateway_ip:
            _check_gateway(row.cidr, gateway)
            _check_gateway_free(work, row)
        asked = values.pop("allocation_pools", None)
        if asked is not None:
            row.pools = _pools(row.cidr, gateway, asked)
        elif gateway is not None and gateway != row.gateway_ip:
            addressing.check_gateway(gateway, row.pools)
        if values.get("enable_dhcp") is False and row.ipv6_address_mode:
            raise errors.InvalidInput(
                reason="ipv6_ra_mode or ipv6_address_mode cannot be set when "
                "enable_dhcp is set to False"
            )
        for name, value in values.items():
            setattr(row, name, value)
        work.changes.networks.add(row.network_id)

    def remove(self, work: Work, row: Any) -> None:
        """Unless a port has an address in it that it was given."""
        work.changes.networks.add(row.network_id)
        if network_ipam.is_auto(row):
            for port in port_addresses.in_subnet(work.session, row.id):
                work.changes.server(port, "network-changed")
        networks_db.delete_subnet(
            work.session, row, automatic=network_ipam.is_auto(row)
        )

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Subnets as the API shows them."""
        tags = network_query.tags(session, [row.id for row in rows])
        return [_view(row, tags[row.id]) for row in rows]


def _check_range(cidr: str, ip_version: int) -> None:
    found = ip_network(cidr)
    if found.version != ip_version:
        raise errors.InvalidInput(
            reason=f"Invalid CIDR {cidr} given as IP version {ip_version}: "
            "cidr and ip_version do not match"
        )
    if not found.prefixlen:
        raise errors.InvalidInput(reason="0 is not allowed as CIDR prefix")
    if found.is_multicast or found.is_loopback:
        raise errors.InvalidInput(
            reason=f"{cidr} is a range of multicast or loopback addresses"
        )
    if found.version == 6 and found.is_link_local:
        raise errors.InvalidInput(
            reason=f"{cidr} is the range from which every IPv6 interface "
            "takes an address by itself"
        )


def _check_modes(values: dict[str, Any]) -> None:
    ra_mode, mode = values["ipv6_ra_mode"], values["ipv6_address_mode"]
    if ra_mode is None and mode is None:
        return
    if values["ip_version"] == 4:
        raise errors.InvalidInput(
            reason="ipv6_ra_mode and ipv6_address_mode need ip_version 6"
        )
    if not values["enable_dhcp"]:
        raise errors.InvalidInput(
            reason="ipv6_ra_mode or ipv6_address_mode cannot be set when "
            "enable_dhcp is set to False"
        )
    if ra_mode and mode and ra_mode != mode:
        raise errors.InvalidInput(
            reason=f"ipv6_ra_mode set to '{ra_mode}' with ipv6_address_mode "
            f"set to '{mode}' is not valid: both must be the same value"
        )
    automatic = (ra_mode or mode) in _AUTO_MODES
    if automatic and ip_network(values["cidr"]).prefixlen != 64:
        raise errors.InvalidInput(
            reason=f"Invalid CIDR {values['cidr']} for IPv6 address mode. "
            "OpenStack uses the EUI-64 address format, which requires the "
            "prefix to be /64"
        )


def _first(values: dict[str, Any]) -> str | None:
    network = ip_network(values["cidr"])
    if network.num_addresses < 2:
        return None
    return addressing.default_gateway(values["cidr"])


def _check_gateway(cidr: str, gateway: str | None) -> None:
    if gateway is None:
        return
    found = ip_address(gateway)
    same = found.version == ip_network(cidr).version
    if same and found.version == 6 and found.is_link_local:
        return
    if not same or not addressing.is_usable(cidr, gateway):
        raise errors.InvalidInput(
            reason=f"Gateway is not valid on subnet: {gateway} is no address "
            f"of a host in {cidr}"
        )


def _check_versions(ip_version: int, values: dict[str, Any]) -> None:
    """Name servers and routes are of the subnet's own IP version."""
    for server in values.get("dns_nameservers") or ():
        if ip_address(server).version != ip_version:
            raise errors.InvalidInput(
                reason=f"dns_nameserver '{server}' does not match the "
                f"ip_version '{ip_version}'"
            )
    for route in values.get("host_routes") or ():
        versions = {
            ip_network(route["destination"]).version,
            ip_address(route["nexthop"]).version,
        }
        if versions != {ip_version}:
            raise errors.InvalidInput(
                reason=f"the host route {route['destination']} via "
                f"{route['nexthop']} is not of IP version {ip_version}"
            )


def _pools(
    cidr: str,
    gateway: str | None,
    asked: Sequence[dict[str, str]] | None,
) -> list[list[str]]:
    if asked is None:
        return addressing.default_pools(cidr, gateway)
    pools = addressing.checked_pools(
        cidr, [(one["start"], one["end"]) for one in asked]
    )
    if gateway is not None:
        addressing.check_gateway(gateway, pools)
    return pools


def _check_apart(network_id: str, cidr: str, other: str) -> None:
    one, two = ip_network(cidr), ip_network(other)
    if one.version == two.version and one.overlaps(two):
        raise errors.InvalidInput(
            reason=f"Requested subnet with cidr: {cidr} for network: "
            f"{network_id} overlaps with another subnet"
        )


def _check_gateway_free(work: Work, row: Any) -> None:
    """A gateway that a router's port has stays."""
    for user in networks_db.users_of(work.session, row.id):
        router = user["device_owner"].startswith("network:router")
        if router and user["address"] == row.gateway_ip:
            raise errors.GatewayIpInUse(
                ip_address=row.gateway_ip, port_id=user["id"]
            )


def _view(row: Any, tags: Sequence[str]) -> dict[str, Any]:
    return {
        **standard(row, tags),
        "name": row.name,
        "network_id": row.network_id,
        "ip_version": row.ip_version,
        "cidr": row.cidr,
        "subnetpool_id": None,
        "gateway_ip": row.gateway_ip,
        "enable_dhcp": row.enable_dhcp,
        "allocation_pools": [
            {"start": first, "end": last} for first, last in row.pools
        ],
        "dns_nameservers": row.dns_nameservers,
        "host_routes": row.host_routes,
        "ipv6_ra_mode": row.ipv6_ra_mode,
        "ipv6_address_mode": row.ipv6_address_mode,
    }
