# SPDX-License-Identifier: Apache-2.0
"""Server groups: servers that are to share a host, or not to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class ServerGroup(Timestamped, Base):
    """A policy for the hosts of the group's members.

    ``generation`` moves with each claim for a member, as a provider's does:
    two schedulers cannot both put a member where the policy has room for
    one.
    """

    __tablename__ = "server_groups"
    __table_args__ = (sa.Index(None, "project_id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    name: Mapped[str]
    project_id: Mapped[str]
    user_id: Mapped[str]
    # affinity, anti-affinity, soft-affinity, soft-anti-affinity
    policy: Mapped[str] = mapped_column(sa.String(32))
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    generation: Mapped[int] = mapped_column(default=0)


class ServerGroupMember(Base):
    """A server of a group; a server is in one group at most."""

    __tablename__ = "server_group_members"

    instance_uuid: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    group_id: Mapped[int] = mapped_column(
        sa.ForeignKey("server_groups.id", ondelete="CASCADE"), index=True
    )
