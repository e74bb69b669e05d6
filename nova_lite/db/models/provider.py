# SPDX-License-Identifier: Apache-2.0
"""What can be consumed and who consumes it: Placement's three tables.

A claim reads a provider's ``generation`` with its usage and writes with
``WHERE generation = :read``: two schedulers cannot both take the last place.
"""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped, now


class ResourceProvider(Timestamped, Base):
    """A source of resources: today always a compute node (same uuid)."""

    __tablename__ = "resource_providers"
    __table_args__ = (sa.Index(None, "updated_at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    name: Mapped[str]
    generation: Mapped[int] = mapped_column(default=0)


class Inventory(Base):
    """Capacity = (total - reserved) * allocation_ratio, rounded down."""

    __tablename__ = "inventories"

    provider_id: Mapped[int] = mapped_column(
        sa.ForeignKey("resource_providers.id", ondelete="CASCADE"),
        primary_key=True,
    )
    # VCPU, MEMORY_MB, DISK_GB
    resource_class: Mapped[str] = mapped_column(
        sa.String(64), primary_key=True
    )
    total: Mapped[int]
    reserved: Mapped[int] = mapped_column(default=0)
    allocation_ratio: Mapped[float] = mapped_column(default=1.0)


class Allocation(Base):
    """``used`` of one class on one provider, held by one consumer."""

    __tablename__ = "allocations"
    __table_args__ = (
        sa.Index(None, "provider_id", "resource_class"),
        Base.__table_args__,
    )

    # An instance's uuid (later also a migration's).
    consumer_uuid: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    provider_id: Mapped[int] = mapped_column(
        sa.ForeignKey("resource_providers.id"), primary_key=True
    )
    resource_class: Mapped[str] = mapped_column(
        sa.String(64), primary_key=True
    )
    used: Mapped[int]
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)
