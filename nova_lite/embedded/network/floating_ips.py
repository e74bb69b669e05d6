# SPDX-License-Identifier: Apache-2.0
"""/v2.0/floatingips: addresses of outer networks that lead to ports."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite.db.models.network import Subnet
from nova_lite.db.repositories import floating_ip as floating_db
from nova_lite.db.repositories import network_port, network_query
from nova_lite.db.repositories import router as routers_db
from nova_lite.db.repositories.network_ipam import Fixed
from nova_lite.embedded.network import checks, quotas, rules
from nova_lite.embedded.network.attributes import (
    REQUIRED,
    Attribute,
    Resource,
)
from nova_lite.embedded.network.collection import (
    Collection,
    Work,
    standard,
)
from nova_lite.network import errors, router_errors

_COLUMNS = (
    "project_id",
    "description",
    "floating_network_id",
    "dns_name",
    "dns_domain",
)
_PORT_DETAILS = (
    "name",
    "network_id",
    "mac_address",
    "admin_state_up",
    "status",
    "device_id",
    "device_owner",
)


class FloatingIPs(Collection):
    """Handlers of /v2.0/floatingips."""

    resource = Resource(
        "floatingip",
        "floatingips",
        (
            Attribute("floating_network_id", checks.uuid, REQUIRED, put=False),
            Attribute(
                "floating_ip_address",
                checks.or_none(checks.address),
                None,
                put=False,
                admin=True,
            ),
            Attribute(
                "subnet_id", checks.or_none(checks.uuid), None, put=False
            ),
            Attribute("port_id", checks.or_none(checks.uuid)),
            Attribute("fixed_ip_address", checks.or_none(checks.address)),
            Attribute("description", checks.text(), ""),
            # Kept and shown; no name server is told of them.
            Attribute("dns_name", checks.dns_name, "", put=False),
            Attribute("dns_domain", checks.dns_name, "", put=False),
        ),
    )
    table = floating_db.TABLE

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        quotas.reserve(work, "floatingip", items)

    def prepare(
        self, context: rules.Context, values: dict[str, Any]
    ) -> dict[str, Any]:
        """A name has its domain, and a domain its name."""
        for one, other in (
            ("dns_name", "dns_domain"),
            ("dns_domain", "dns_name"),
        ):
            if values[one] and not values[other]:
                raise _bad(f"{one} cannot be specified without a {other}")
        return values

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        network_id = values["floating_network_id"]
        if not floating_db.is_external(work.session, network_id):
            raise _bad(f"Network {network_id} is not a valid external network")
        subnets = floating_db.ipv4_subnets(work.session, network_id)
        if not subnets:
            raise _bad(
                f"Network {network_id} does not contain any IPv4 subnet"
            )
        row = floating_db.create(
            work.session,
            subnets,
            {
                "id": str(uuid.uuid4()),
                **{name: values[name] for name in _COLUMNS},
            },
            _wanted(values),
            work.settings.base_mac,
        )
        _lead(work, row, values)
        return row

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        if row.router_id:
            work.changes.routers.add(row.router_id)
        _lead(work, row, values)
        row.description = values.get("description", row.description)

    def remove(self, work: Work, row: Any) -> None:
        if row.router_id:
            work.changes.routers.add(row.router_id)
        _tell_servers(work, row.fixed_port_id)
        floating_db.delete(work.session, row)

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        ids = [row.id for row in rows]
        tags = network_query.tags(session, ids)
        active = floating_db.working(session, ids)
        ports = floating_db.ports(
            session, {row.fixed_port_id for row in rows if row.fixed_port_id}
        )
        return [
            standard(row, tags[row.id])
            | {
                "floating_network_id": row.floating_network_id,
                "floating_ip_address": row.floating_ip_address,
                "fixed_ip_address": row.fixed_ip_address,
                "port_id": row.fixed_port_id,
                "router_id": row.router_id,
                "status": "ACTIVE" if row.id in active else "DOWN",
                "dns_name": row.dns_name or "",
                "dns_domain": row.dns_domain or "",
                "qos_policy_id": None,
                "port_forwardings": [],
                "port_details": _details(ports.get(row.fixed_port_id)),
            }
            for row in rows
        ]


def _details(port: Any) -> dict[str, Any] | None:
    if port is None:
        return None
    return {name: getattr(port, name) for name in _PORT_DETAILS}


def _bad(reason: str) -> errors.BadRequest:
    return errors.BadRequest(f"Bad floatingip request: {reason}.")


def _wanted(values: Mapping[str, Any]) -> Fixed | None:
    """The address that a body asks for, if it does."""
    subnet_id = values["subnet_id"]
    address = values["floating_ip_address"]
    if subnet_id is None and address is None:
        return None
    return Fixed(subnet_id, address)


def _lead(work: Work, row: Any, values: Mapping[str, Any]) -> None:
    """Let a floating IP lead where a body says; unsaid: as it does."""
    port_id = values.get("port_id", row.fixed_port_id)
    address = values.get("fixed_ip_address")
    if address and not values.get("port_id"):
        raise _bad("fixed_ip_address cannot be specified without a port_id")
    if port_id != row.fixed_port_id:
        _tell_servers(work, row.fixed_port_id)
    if port_id is None:
        floating_db.dissociate(row)
        return
    if "port_id" not in values:
        return
    port = network_query.get(
        work.session,
        network_port.TABLE,
        rules.viewer(work.context),
        port_id,
        for_update=True,
    )
    if port.project_id != row.project_id and not rules.is_admin(work.context):
        raise _bad(
            f"Cannot process floating IP association with Port {port_id}, "
            "since that port is owned by a different project"
        )
    address, subnet = _inside(work, port_id, address)
    router_id = _router(work, row, port_id, subnet)
    floating_db.associate(work.session, row, port_id, address, router_id)
    work.changes.server(port, "network-changed")
    work.changes.routers.add(router_id)


def _tell_servers(work: Work, port_id: str | None) -> None:
    """The server of a port sees which floating IPs lead to it."""
    if port_id is not None:
        ports = floating_db.ports(work.session, {port_id})
        work.changes.server(ports.get(port_id), "network-changed")


def _inside(
    work: Work, port_id: str, address: str | None
) -> tuple[str, Subnet]:
    """The port's address that is meant, with its subnet."""
    found = floating_db.addresses(work.session, port_id)
    if address is not None:
        if ":" in address:
            raise _bad(
                f"Cannot process floating IP association with {address}, "
                "since that is not an IPv4 address"
            )
        for one, subnet in found:
            if one == address:
                return one, subnet
        raise _bad(f"Port {port_id} does not have fixed ip {address}")
    if not found:
        raise _bad(
            f"Cannot add floating IP to port {port_id} that has no fixed "
            "IPv4 addresses"
        )
    if len(found) > 1:
        raise _bad(
            f"Port {port_id} has multiple fixed IPv4 addresses. Must provide "
            "a specific IPv4 address when assigning a floating IP"
        )
    return found[0]


def _router(work: Work, row: Any, port_id: str, subnet: Subnet) -> str:
    """The router between, locked so that its legs stay.

    Raises: ExternalGatewayForFloatingIPNotFound.
    """
    refusal = router_errors.ExternalGatewayForFloatingIPNotFound(
        external_network_id=row.floating_network_id,
        subnet_id=subnet.id,
        port_id=port_id,
    )
    for _ in range(2):
        found = routers_db.between(
            work.session, subnet, row.floating_network_id
        )
        if found is None:
            raise refusal
        if found == work.shared.get("router"):
            return found
        network_query.get(
            work.session,
            routers_db.ROUTERS,
            network_query.ANYBODY,
            found,
            for_update=True,
        )
        work.shared["router"] = found
    raise refusal
