# SPDX-License-Identifier: Apache-2.0
"""The embedded network service: networks, subnets, ports, their addresses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, ExactText, Timestamped


def _id() -> Mapped[str]:
    return mapped_column(sa.String(36), primary_key=True)


def _to(target: str, **more: Any) -> Mapped[Any]:
    """A reference to a row that this one goes away with."""
    key = sa.ForeignKey(target, ondelete="CASCADE")
    return mapped_column(sa.String(36), key, **more)


class Network(Timestamped, Base):
    """A network. ``segment`` is "flat:<physical network>" or "vxlan:<id>"."""

    __tablename__ = "networks"
    __table_args__ = (sa.Index(None, "project_id"), Base.__table_args__)

    id: Mapped[str] = _id()
    project_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    shared: Mapped[bool] = mapped_column(default=False)
    external: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    mtu: Mapped[int]
    segment: Mapped[str] = mapped_column(unique=True)
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    dns_domain: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)


class Subnet(Timestamped, Base):
    """A subnet. ``pools``: [[first, last], ...]; ``routes``: as the API."""

    __tablename__ = "subnets"
    __table_args__ = (
        sa.Index(None, "network_id"),
        sa.Index(None, "project_id"),
        Base.__table_args__,
    )

    id: Mapped[str] = _id()
    network_id: Mapped[str] = _to("networks.id")
    project_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    ip_version: Mapped[int]
    cidr: Mapped[str] = mapped_column(sa.String(64))
    gateway_ip: Mapped[str | None] = mapped_column(sa.String(45))
    enable_dhcp: Mapped[bool] = mapped_column(default=True)
    pools: Mapped[list[Any]]
    dns_nameservers: Mapped[list[Any]]
    host_routes: Mapped[list[Any]]
    ipv6_ra_mode: Mapped[str | None] = mapped_column(sa.String(32))
    ipv6_address_mode: Mapped[str | None] = mapped_column(sa.String(32))
    revision: Mapped[int] = mapped_column(default=0)


class Port(Timestamped, Base):
    """A port, with its binding: ``host`` is empty while it has none."""

    __tablename__ = "ports"
    __table_args__ = (
        sa.Index(None, "project_id"),
        sa.Index(None, "device_id"),
        sa.Index(None, "host"),
        sa.UniqueConstraint("network_id", "mac_address"),
        Base.__table_args__,
    )

    id: Mapped[str] = _id()
    network_id: Mapped[str] = _to("networks.id")
    project_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    mac_address: Mapped[str] = mapped_column(sa.String(17))
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    # ACTIVE, DOWN
    status: Mapped[str] = mapped_column(sa.String(16), default="DOWN")
    device_id: Mapped[str] = mapped_column(default="")
    device_owner: Mapped[str] = mapped_column(default="")
    dns_name: Mapped[str] = mapped_column(default="")
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    # [{"ip_address", "mac_address"}]
    allowed_address_pairs: Mapped[list[Any]]
    host: Mapped[str] = mapped_column(default="")
    vnic_type: Mapped[str] = mapped_column(sa.String(32), default="normal")
    vif_type: Mapped[str] = mapped_column(sa.String(32), default="unbound")
    profile: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(default=0)


class IPAllocation(Base):
    """An address that a port has. The key lets nobody else have it.

    ``position`` keeps a port's addresses in their order.
    """

    __tablename__ = "ip_allocations"
    __table_args__ = (sa.Index(None, "port_id"), Base.__table_args__)

    subnet_id: Mapped[str] = mapped_column(
        sa.String(36),
        sa.ForeignKey("subnets.id"),
        primary_key=True,
    )
    address: Mapped[str] = mapped_column(sa.String(45), primary_key=True)
    port_id: Mapped[str] = _to("ports.id")
    position: Mapped[int] = mapped_column(default=0)


class PortSecurityGroup(Base):
    """A security group that a port has; one in use cannot be deleted."""

    __tablename__ = "port_security_groups"

    port_id: Mapped[str] = _to("ports.id", primary_key=True)
    security_group_id: Mapped[str] = mapped_column(
        sa.String(36),
        sa.ForeignKey("security_groups.id"),
        primary_key=True,
        index=True,
    )


class SecurityGroup(Timestamped, Base):
    """A security group; each project's "default" is made when first needed.

    ``default_of``: the project, for that one alone, so there is but one.
    """

    __tablename__ = "security_groups"
    __table_args__ = (sa.Index(None, "project_id"), Base.__table_args__)

    id: Mapped[str] = _id()
    project_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    stateful: Mapped[bool] = mapped_column(default=True)
    default_of: Mapped[str | None] = mapped_column(unique=True)
    revision: Mapped[int] = mapped_column(default=0)


class SecurityGroupRule(Timestamped, Base):
    """A rule. Ports are type and code where the protocol is an icmp."""

    __tablename__ = "security_group_rules"
    __table_args__ = (
        sa.Index(None, "security_group_id"),
        sa.Index(None, "remote_group_id"),
        Base.__table_args__,
    )

    id: Mapped[str] = _id()
    project_id: Mapped[str]
    security_group_id: Mapped[str] = _to("security_groups.id")
    description: Mapped[str] = mapped_column(default="")
    direction: Mapped[str] = mapped_column(sa.String(8))
    ethertype: Mapped[str] = mapped_column(sa.String(4))
    protocol: Mapped[str | None] = mapped_column(sa.String(40))
    port_range_min: Mapped[int | None]
    port_range_max: Mapped[int | None]
    remote_ip_prefix: Mapped[str | None] = mapped_column(sa.String(64))
    remote_group_id: Mapped[str | None] = _to("security_groups.id")
    revision: Mapped[int] = mapped_column(default=0)


class Router(Timestamped, Base):
    """A router. Its legs are ports (device_id, network:router_interface).

    ``gateway_port_id`` is its leg outside. ``host``: the netd it lives on.
    """

    __tablename__ = "routers"
    __table_args__ = (
        sa.Index(None, "project_id"),
        sa.Index(None, "host"),
        Base.__table_args__,
    )

    id: Mapped[str] = _id()
    project_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    gateway_port_id: Mapped[str | None] = mapped_column(
        sa.String(36), sa.ForeignKey("ports.id"), index=True
    )
    enable_snat: Mapped[bool] = mapped_column(default=True)
    routes: Mapped[list[Any]]
    host: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)


class FloatingIP(Timestamped, Base):
    """A floating IP; ``port_id`` holds its address in the outer network."""

    __tablename__ = "floating_ips"
    __table_args__ = (
        sa.Index(None, "project_id"),
        sa.Index(None, "router_id"),
        sa.UniqueConstraint("fixed_port_id", "fixed_ip_address"),
        Base.__table_args__,
    )

    id: Mapped[str] = _id()
    project_id: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    floating_network_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("networks.id"), index=True
    )
    floating_ip_address: Mapped[str] = mapped_column(sa.String(45))
    dns_name: Mapped[str | None]
    dns_domain: Mapped[str | None]
    port_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("ports.id"), index=True
    )
    fixed_port_id: Mapped[str | None] = mapped_column(
        sa.String(36), sa.ForeignKey("ports.id", ondelete="SET NULL")
    )
    fixed_ip_address: Mapped[str | None] = mapped_column(sa.String(45))
    router_id: Mapped[str | None] = mapped_column(sa.String(36))
    revision: Mapped[int] = mapped_column(default=0)


class NetworkTag(Base):
    """A tag of any of these resources."""

    __tablename__ = "network_tags"

    resource_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    tag: Mapped[str] = mapped_column(
        ExactText(60), primary_key=True, index=True
    )


class NetworkQuota(Base):
    """A project's own limit of networks, ports ...; -1 is none."""

    __tablename__ = "network_quotas"

    project_id: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    limit: Mapped[int]


class NetworkAgent(Timestamped, Base):
    """A nova-lite-netd: where its tunnels end, what it can reach.

    ``seen_at`` lives in its row of ``services`` (binary nova-lite-netd).
    """

    __tablename__ = "network_agents"

    host: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    tunnel_ip: Mapped[str] = mapped_column(sa.String(45))
    # {"physical_networks": [...], "l3": true}
    configurations: Mapped[dict[str, Any]]
    description: Mapped[str | None]
