# SPDX-License-Identifier: Apache-2.0
"""Ports: what a server is on a network with, and where it is bound."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence, Set
from typing import Any

from nova_lite.db.repositories import (
    floating_ip,
    network_agent,
    network_ipam,
    network_port,
    network_query,
    port_addresses,
    security_group,
)
from nova_lite.db.repositories import network as networks_db
from nova_lite.db.repositories.network_change import Told
from nova_lite.embedded.network import port_rules, quotas, rules
from nova_lite.embedded.network.collection import Collection, Work, standard
from nova_lite.embedded.network.port_attributes import (
    COLUMNS,
    RESOURCE,
    fixed,
)
from nova_lite.network import errors

_UNBOUND = {"host": "", "vif_type": "unbound", "status": "DOWN"}
# What a view has of other tables than the ports' own.
_ADDRESSES = frozenset({"fixed_ips", "dns_assignment"})
_IN_OTHER_TABLES = _ADDRESSES | {"security_groups", "tags"}


class Ports(Collection):
    """Handlers of /v2.0/ports."""

    resource = RESOURCE
    table = network_port.TABLE

    def prepare(
        self, context: rules.Context, values: dict[str, Any]
    ) -> dict[str, Any]:
        """What can be said without the database."""
        values["fixed"] = fixed(values.pop("fixed_ips", None))
        security = values.get("port_security_enabled", True)
        port_rules.check_security(security, values)
        return values

    def _create(
        self, context: rules.Context, items: Sequence[Mapping[str, Any]]
    ) -> tuple[list[dict[str, Any]], Told]:
        """A project's first port has its default group made first."""
        try:
            return super()._create(context, items)
        except _DefaultGroupNeededError as error:
            security_group.ensure_default(error.project_id)
            return super()._create(context, items)

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        """Ports count for the project that they are for."""
        found = quotas.reserve(work, "port", items, security_group.default_of)
        for project_id, group_id in found.items():
            work.shared[f"default group of {project_id}"] = group_id

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        """One more port, with addresses, groups and its binding."""
        network, subnets = self._network(work, values["network_id"])
        port_rules.check_create(work.context, network, values)
        port_rules.check_owner(values)
        groups = self._groups(work, network, values)
        columns = {
            column: values[name]
            for name, column in COLUMNS.items()
            if name in values
        }
        columns.setdefault(
            "port_security_enabled", network.port_security_enabled
        )
        columns["id"] = str(uuid.uuid4())
        columns["project_id"] = values["project_id"]
        if "mac_address" in values:
            columns["mac_address"] = values["mac_address"]
        host = values["binding:host_id"]
        if host:
            columns |= self._binding(
                work, host, network.segment, columns["vnic_type"]
            )
        port, addresses = network_port.create_with_addresses(
            work.session,
            network.id,
            subnets,
            columns,
            values["fixed"],
            groups,
            self.settings.base_mac,
        )
        port_rules.check_pairs(port, addresses)
        work.shared[f"view of {port.id}"] = self._view(
            port, (), addresses, groups
        )
        if host:
            work.changes.networks.add(network.id)
            work.changes.hosts.add(host)
            work.changes.groups.update(groups)
        return port

    def _network(self, work: Work, network_id: str) -> tuple[Any, Any]:
        """A port's network and its subnets, read once for a request."""
        if network_id not in work.shared:
            work.shared[network_id] = networks_db.with_subnets(
                work.session, rules.viewer(work.context), network_id
            )
        found: tuple[Any, Any] = work.shared[network_id]
        return found

    def _groups(
        self, work: Work, network: Any, values: Mapping[str, Any]
    ) -> list[str]:
        """The security groups of a new port."""
        security = values.get(
            "port_security_enabled", network.port_security_enabled
        )
        asked = values.get("security_groups")
        if asked is not None:
            if asked and not security:
                raise errors.PortSecurityAndIPRequiredForSecurityGroups
            self._check_groups(work, asked)
            return list(asked)
        trusted = values["device_owner"].startswith("network:")
        has_ips = values["fixed"] is None or values["fixed"]
        if not security or trusted or not has_ips:
            return []
        project_id = values["project_id"]
        group_id = work.shared.get(f"default group of {project_id}")
        if group_id is None:
            raise _DefaultGroupNeededError(project_id)
        return [group_id]

    def _check_groups(self, work: Work, groups: Sequence[str]) -> None:
        """See that groups are there, and the caller's to use."""
        viewer = rules.viewer(work.context)
        known = network_query.existing(
            work.session, security_group.GROUPS, viewer, groups
        )
        for one in groups:
            if one not in known:
                raise errors.SecurityGroupNotFound(id=one)

    def _binding(
        self, work: Work, host: str, segment: str, vnic_type: str
    ) -> dict[str, Any]:
        """What binding to a host makes of a port of a network's segment.

        On a host whose agent lives and reaches the network it is a tap, and
        ACTIVE when the agent says so; agents make nothing else. A host that
        never had an agent has no wires to wait for.
        """
        _, physical, _ = networks_db.parts(segment)
        key = f"agent of {host} for {physical}"
        if key not in work.shared:
            work.shared[key] = network_agent.can_wire(
                work.session,
                host,
                self.settings.service_down_time_s,
                physical,
            )
        can = work.shared[key]
        if can is None:
            vif_type, status = "unbound", "ACTIVE"
        elif can and vnic_type == "normal":
            vif_type, status = "tap", "DOWN"
        else:
            vif_type, status = "binding_failed", "DOWN"
        return {"host": host, "vif_type": vif_type, "status": status}

    def owners(self, session: Any, row: Any) -> tuple[str, ...]:
        """The port's project, and the network's."""
        return (row.project_id, networks_db.owner(session, row.network_id))

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        """Whatever of a port a body names."""
        session = work.session
        before = network_port.groups_of(session, [row.id])[row.id]
        self._mark(work, row, before)
        port_rules.check_device(row, values)
        if not rules.is_admin(work.context):
            owner = networks_db.owner(session, row.network_id)
            port_rules.check_update(work.context, owner, values)
        port_rules.check_owner(values, row.device_owner)
        for name, column in COLUMNS.items():
            if name in values:
                setattr(row, column, values[name])
        if (
            "mac_address" in values
            and values["mac_address"] != row.mac_address
        ):
            self._change_mac(work, row, values["mac_address"])
        if "binding:host_id" in values:
            self._bind(work, row, values["binding:host_id"])
        groups = before
        if "security_groups" in values:
            groups = values["security_groups"] or []
            self._check_groups(work, groups)
            network_port.set_groups(session, row.id, groups)
        if "fixed_ips" in values:
            lost = port_addresses.replace(
                session, row, fixed(values["fixed_ips"])
            )
            self._forget_floating(work, row, lost)
            work.changes.server(row, "network-changed")
        port_rules.check_result(row, groups)
        if row.allowed_address_pairs:
            row.allowed_address_pairs = network_port.pairs(
                row.allowed_address_pairs, row.mac_address
            )
            found = network_ipam.of_ports(session, [row.id])[row.id]
            port_rules.check_pairs(row, found)
        self._mark(work, row, groups)

    def _change_mac(self, work: Work, row: Any, mac: str) -> None:
        if row.host:
            raise errors.PortBound(
                port_id=row.id,
                vif_type=row.vif_type,
                old_mac=row.mac_address,
                new_mac=mac,
            )
        network_port.set_mac(work.session, row, mac)

    def _bind(self, work: Work, row: Any, host: str) -> None:
        """Bind a port, unless it is bound there and well."""
        if host and host == row.host and row.vif_type == "tap":
            return
        bound = dict(_UNBOUND)
        if host:
            segment = networks_db.segment(work.session, row.network_id)
            bound = self._binding(work, host, segment, row.vnic_type)
        for name, value in bound.items():
            setattr(row, name, value)

    def _mark(self, work: Work, row: Any, groups: Sequence[str]) -> None:
        """Whoever knows of a bound port has to know of its change."""
        if row.host:
            work.changes.hosts.add(row.host)
            work.changes.networks.add(row.network_id)
            work.changes.groups.update(groups)

    def remove(self, work: Work, row: Any) -> None:
        """Unless it is a router's or a floating IP's."""
        port_rules.check_delete(row)
        groups = network_port.groups_of(work.session, [row.id])[row.id]
        self._mark(work, row, groups)
        self._forget_floating(work, row)
        work.changes.server(row, "network-vif-deleted")
        network_port.delete(work.session, [row.id])

    def _forget_floating(
        self, work: Work, row: Any, lost: Sequence[str] | None = None
    ) -> None:
        """What led to a port, or to addresses that it lost, leads nowhere."""
        if lost is None or lost:
            work.changes.routers |= floating_ip.forget(
                work.session, [row.id], lost
            )

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Ports with addresses, groups and tags."""
        return self.part_views(session, context, rows, _IN_OTHER_TABLES)

    def part_views(
        self,
        session: Any,
        context: rules.Context,
        rows: Sequence[Any],
        wanted: Set[str],
    ) -> list[dict[str, Any]]:
        """The same, with no statement for what nobody wants."""
        ids = [row.id for row in rows]

        def read(names: Set[str], read_all: Any) -> Mapping[str, Any]:
            found: Mapping[str, Any] = {}
            if names & wanted:
                found = read_all(session, ids)
            return found

        addresses = read(_ADDRESSES, network_ipam.of_ports)
        groups = read({"security_groups"}, network_port.groups_of)
        tags = read({"tags"}, network_query.tags)
        return [
            self._view(
                row,
                tags.get(row.id, ()),
                addresses.get(row.id, ()),
                groups.get(row.id, ()),
            )
            for row in rows
        ]

    def made_views(
        self, work: Work, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """New ports, of which everything is known already."""
        return [work.shared[f"view of {row.id}"] for row in rows]

    def _view(
        self,
        row: Any,
        tags: Sequence[str],
        addresses: Sequence[Mapping[str, str]],
        groups: Sequence[str],
    ) -> dict[str, Any]:
        return {
            **standard(row, tags),
            **_view(row),
            "fixed_ips": list(addresses),
            "security_groups": list(groups),
            "dns_assignment": [
                self._name(row.dns_name, one["ip_address"])
                for one in addresses
            ],
        }

    def _name(self, dns_name: str, address: str) -> dict[str, str]:
        """How an address of a port is called on its network."""
        plain = address.replace(".", "-").replace(":", "-")
        hostname = dns_name or f"host-{plain}"
        parts = [hostname.rstrip("."), self.settings.dns_domain]
        return {
            "ip_address": address,
            "hostname": hostname,
            "fqdn": ".".join(part for part in parts if part) + ".",
        }


class _DefaultGroupNeededError(Exception):
    """A project needs its default group, and has none yet."""

    def __init__(self, project_id: str) -> None:
        super().__init__(project_id)
        self.project_id = project_id


def _view(row: Any) -> dict[str, Any]:
    tap = row.vif_type == "tap"
    return {
        "name": row.name,
        "network_id": row.network_id,
        "mac_address": row.mac_address,
        "admin_state_up": row.admin_state_up,
        "status": row.status,
        "device_id": row.device_id,
        "device_owner": row.device_owner,
        "dns_name": row.dns_name,
        "port_security_enabled": row.port_security_enabled,
        "allowed_address_pairs": row.allowed_address_pairs,
        "binding:vnic_type": row.vnic_type,
        "binding:host_id": row.host,
        "binding:profile": row.profile,
        "binding:vif_type": row.vif_type,
        "binding:vif_details": (
            {"port_filter": True, "connectivity": "l2"} if tap else {}
        ),
    }
