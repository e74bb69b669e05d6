# SPDX-License-Identifier: Apache-2.0
"""Hypervisors as nova-lite-compute reports them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class ComputeNode(Timestamped, Base):
    """One hypervisor; ``uuid`` is that of its resource provider too."""

    __tablename__ = "compute_nodes"
    __table_args__ = (
        sa.UniqueConstraint("host", "hypervisor_hostname"),
        sa.Index(None, "updated_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    host: Mapped[str]
    hypervisor_hostname: Mapped[str]
    hypervisor_type: Mapped[str]
    hypervisor_version: Mapped[int] = mapped_column(sa.BigInteger)
    host_ip: Mapped[str | None]
    vcpus: Mapped[int]
    memory_mb: Mapped[int]
    local_gb: Mapped[int]
    vcpus_used: Mapped[int] = mapped_column(default=0)
    memory_mb_used: Mapped[int] = mapped_column(default=0)
    local_gb_used: Mapped[int] = mapped_column(default=0)
    disk_available_least_gb: Mapped[int | None]
    running_vms: Mapped[int] = mapped_column(default=0)
    cpu_info: Mapped[dict[str, Any]] = mapped_column(default=dict)
    supported_instances: Mapped[list[Any]] = mapped_column(default=list)
    capabilities: Mapped[dict[str, Any]] = mapped_column(default=dict)
    uptime: Mapped[str | None]
    # Builds that failed here since the last one that succeeded.
    failed_builds: Mapped[int] = mapped_column(default=0)
