# SPDX-License-Identifier: Apache-2.0
"""Migrations: servers on their way from one host to another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class Migration(Timestamped, Base):
    """A resize, cold or live migration, or evacuation of one server."""

    __tablename__ = "migrations"
    __table_args__ = (
        sa.Index(None, "instance_uuid", "status"),
        sa.Index(None, "updated_at"),
        sa.Index(None, "created_at", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    instance_uuid: Mapped[str] = mapped_column(sa.String(36))
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    # migration, resize, live-migration, evacuation
    migration_type: Mapped[str] = mapped_column(sa.String(32))
    status: Mapped[str] = mapped_column(sa.String(32))
    source_compute: Mapped[str | None]
    source_node: Mapped[str | None]
    dest_compute: Mapped[str | None]
    dest_node: Mapped[str | None]
    # The address of the destination.
    dest_host: Mapped[str | None]
    # The flavors before and after, whole.
    old_flavor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    new_flavor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # A resize that is finished with: no longer in any default list.
    hidden: Mapped[bool] = mapped_column(default=False)
    memory_total_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    memory_processed_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    memory_remaining_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    disk_total_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    disk_processed_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    disk_remaining_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
