# SPDX-License-Identifier: Apache-2.0
"""Host aggregates: named sets of compute hosts with metadata."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class Aggregate(Timestamped, Base):
    """A set of hosts. ``availability_zone`` in its metadata names a zone."""

    __tablename__ = "aggregates"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    aggregate_metadata: Mapped[dict[str, Any]] = mapped_column(default=dict)

    hosts: Mapped[list[AggregateHost]] = orm.relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )


class AggregateHost(Base):
    """A host in an aggregate."""

    __tablename__ = "aggregate_hosts"

    aggregate_id: Mapped[int] = mapped_column(
        sa.ForeignKey("aggregates.id", ondelete="CASCADE"), primary_key=True
    )
    host: Mapped[str] = mapped_column(primary_key=True, index=True)
