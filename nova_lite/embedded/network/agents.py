# SPDX-License-Identifier: Apache-2.0
"""/v2.0/agents, /v2.0/availability_zones and /v2.0/network-ip-availabilities.

What an administrator looks at. An agent that is switched off keeps what it
has and is given no more routers; one that is dead can be removed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nova_lite.db import session as db
from nova_lite.db.repositories import (
    network_agent,
    network_capacity,
    service_query,
)
from nova_lite.embedded import http
from nova_lite.embedded.network import attributes, checks, listing, rules
from nova_lite.embedded.network.attributes import Attribute, Resource
from nova_lite.embedded.network.settings import Settings
from nova_lite.network import errors, router_errors

AGENT_TYPE = "nova-lite-netd"
_AGENT_FILTERS = (
    "id",
    "host",
    "binary",
    "topic",
    "agent_type",
    "alive",
    "admin_state_up",
    "availability_zone",
)
_CAPACITY_FILTERS = (
    "network_id",
    "network_name",
    "tenant_id",
    "project_id",
    "ip_version",
)
_AGENT = Resource(
    "agent",
    "agents",
    (
        Attribute("admin_state_up", checks.boolean),
        Attribute("description", checks.or_none(checks.text())),
        *(
            Attribute(name, checks.text(), put=False)
            for name in (
                "id",
                "agent_type",
                "binary",
                "topic",
                "host",
                "alive",
                "availability_zone",
                "configurations",
                "created_at",
                "started_at",
                "heartbeat_timestamp",
                "resources_synced",
            )
        ),
    ),
)
_NOT_FILTERS = ("fields", "limit", "marker", "page_reverse")


class Agents:
    """Handlers; most answer administrators alone."""

    def __init__(self, settings: Settings) -> None:
        self._down_time_s = settings.service_down_time_s

    def rows(self) -> list[http.Row]:
        """The routes."""
        capacity = "/v2.0/network-ip-availabilities"
        return [
            ("GET", "/v2.0/agents", self.agents),
            ("GET", "/v2.0/agents/{ident}", self.agent),
            ("PUT", "/v2.0/agents/{ident}", self.update),
            ("DELETE", "/v2.0/agents/{ident}", self.delete),
            ("GET", "/v2.0/availability_zones", self.zones),
            ("GET", capacity, self.capacities),
            ("GET", f"{capacity}/{{ident}}", self.capacity),
        ]

    def agents(self, request: http.Request) -> Any:
        """GET /v2.0/agents."""
        found = self._visible(request)
        return {"agents": _filtered(request, found, _AGENT_FILTERS)}

    def agent(self, request: http.Request, ident: str) -> Any:
        """GET /v2.0/agents/{id}."""
        found = self._one(request, ident)
        return {"agent": listing.fields(request.GET, found)}

    def update(self, request: http.Request, ident: str) -> Any:
        """PUT /v2.0/agents/{id}."""
        found = self._one(request, ident)
        body = request.object().get("agent")
        if not isinstance(body, dict):
            raise errors.InvalidAttribute(
                "The request body must have 'agent', a JSON object."
            )
        values = attributes.for_update(_AGENT, request.context, body)
        if "admin_state_up" in values:
            values["disabled"] = not values.pop("admin_state_up")
        _update(found["host"], values)
        return {"agent": self._one(request, ident)}

    def delete(self, request: http.Request, ident: str) -> None:
        """DELETE /v2.0/agents/{id}, of one that is dead."""
        found = self._one(request, ident)
        if found["alive"]:
            raise router_errors.AgentInUse(id=ident, host=found["host"])
        _delete(found["host"])

    def _one(self, request: http.Request, ident: str) -> dict[str, Any]:
        for one in self._visible(request):
            if one["id"] == ident:
                return one
        raise router_errors.AgentNotFound(id=ident)

    def _visible(self, request: http.Request) -> list[dict[str, Any]]:
        if not rules.is_admin(request.context):
            return []
        return [self.view(row) for row in _agents()]

    def view(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """An agent as the API shows it."""
        return {
            "id": row["id"],
            "agent_type": AGENT_TYPE,
            "binary": network_agent.BINARY,
            "topic": "netd",
            "host": row["host"],
            "admin_state_up": not row["disabled"],
            "alive": network_agent.is_live(row, self._down_time_s),
            "availability_zone": row["availability_zone"],
            "configurations": row["configurations"]
            | {"tunnel_ip": row["tunnel_ip"]},
            "created_at": _moment(row["created_at"]),
            "started_at": _moment(row["updated_at"] or row["created_at"]),
            "heartbeat_timestamp": _moment(row["last_seen_at"]),
            "description": row["description"],
            "resources_synced": None,
        }

    def zones(self, request: http.Request) -> Any:
        """GET /v2.0/availability_zones: those that agents are in."""
        names = {
            row["availability_zone"]
            for row in _agents()
            if row["availability_zone"]
        }
        found = [
            {"name": name, "resource": kind, "state": "available"}
            for name in sorted(names)
            for kind in ("network", "router")
        ]
        return {
            "availability_zones": _filtered(
                request, found, ("name", "resource", "state")
            )
        }

    def capacities(self, request: http.Request) -> Any:
        """GET /v2.0/network-ip-availabilities."""
        versions = request.GET.getall("ip_version")
        found = _capacities(versions) if _is_admin(request) else []
        names = [one for one in _CAPACITY_FILTERS if one != "ip_version"]
        return {
            "network_ip_availabilities": _filtered(
                request, found, names, ("ip_version",)
            )
        }

    def capacity(self, request: http.Request, ident: str) -> Any:
        """GET /v2.0/network-ip-availabilities/{network id}."""
        if _is_admin(request):
            for one in _capacities(()):
                if one["network_id"] == ident:
                    return {"network_ip_availability": one}
        raise errors.NetworkNotFound(id=ident)


def _is_admin(request: http.Request) -> bool:
    return rules.is_admin(request.context)


@db.transaction
def _agents() -> list[dict[str, Any]]:
    with db.reader() as session:
        return network_agent.agents(session)


@db.transaction
def _update(host: str, values: Mapping[str, Any]) -> None:
    with db.writer() as session:
        network_agent.update(session, host, **values)


@db.transaction
def _delete(host: str) -> None:
    with db.writer() as session:
        for row in service_query.services(session, host, network_agent.BINARY):
            service_query.delete_service(session, row)
        network_agent.forget(session, host)


@db.transaction
def _capacities(versions: Sequence[str]) -> list[dict[str, Any]]:
    with db.reader() as session:
        return [
            _capacity(network, subnets, versions)
            for network, subnets in network_capacity.networks(session)
        ]


def _capacity(
    network: Any, subnets: Iterable[tuple[Any, int]], versions: Sequence[str]
) -> dict[str, Any]:
    shown = [
        {
            "subnet_id": subnet.id,
            "subnet_name": subnet.name,
            "cidr": subnet.cidr,
            "ip_version": subnet.ip_version,
            "total_ips": sum(map(_size, subnet.pools)),
            "used_ips": used,
        }
        for subnet, used in subnets
        if not versions or str(subnet.ip_version) in versions
    ]
    return {
        "network_id": network.id,
        "network_name": network.name,
        "project_id": network.project_id,
        "tenant_id": network.project_id,
        "total_ips": sum(one["total_ips"] for one in shown),
        "used_ips": sum(one["used_ips"] for one in shown),
        "subnet_ip_availability": shown,
    }


def _size(pool: Sequence[str]) -> int:
    first, last = map(ipaddress.ip_address, pool)
    return int(last) - int(first) + 1


def _moment(value: Any) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%d %H:%M:%S")


def _filtered(
    request: http.Request,
    found: Iterable[dict[str, Any]],
    names: Sequence[str],
    done: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The items that the query asks for, with the fields that it wants.

    ``done``: filters that are applied already. Raises: InvalidAttribute.
    """
    wanted = {
        name: request.GET.getall(name)
        for name in request.GET
        if name not in (*_NOT_FILTERS, *done)
    }
    unknown = set(wanted) - set(names)
    if unknown:
        raise errors.InvalidAttribute(
            f"{sorted(unknown)} is invalid attribute for filtering"
        )
    lower = {
        name: {value.lower() for value in values}
        for name, values in wanted.items()
    }
    return [
        listing.fields(request.GET, one)
        for one in found
        if all(
            str(one[name]).lower() in values for name, values in lower.items()
        )
    ]
