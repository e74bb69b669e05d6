# SPDX-License-Identifier: Apache-2.0
"""Daemons: a row per host and binary, and one per running process of it."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped, now


class Service(Timestamped, Base):
    """A daemon as os-services shows it; ``last_seen_at`` is its heartbeat."""

    __tablename__ = "services"
    __table_args__ = (
        sa.UniqueConstraint("host", "binary"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    host: Mapped[str]
    binary: Mapped[str]
    topic: Mapped[str]
    availability_zone: Mapped[str] = mapped_column(default="nova")
    disabled: Mapped[bool] = mapped_column(default=False)
    disabled_reason: Mapped[str | None]
    forced_down: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=0)
    report_count: Mapped[int] = mapped_column(default=0)
    last_seen_at: Mapped[datetime.datetime | None]

    incarnations: Mapped[list[Incarnation]] = orm.relationship(
        back_populates="service",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class Incarnation(Base):
    """One process of a service, from its start to its death.

    An action's ``worker`` is the uuid of the incarnation that runs it. A
    process on the same host that finds ``pid`` gone, or begun at another
    time, removes the row: that is how a killed worker is known at once.
    """

    __tablename__ = "service_incarnations"

    uuid: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    service_id: Mapped[int] = mapped_column(
        sa.ForeignKey("services.id", ondelete="CASCADE"), index=True
    )
    pid: Mapped[int]
    # Clock ticks after boot at which the process began (/proc/PID/stat).
    pid_started: Mapped[int] = mapped_column(sa.BigInteger)
    boot_id: Mapped[str] = mapped_column(sa.String(36))
    started_at: Mapped[datetime.datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime.datetime] = mapped_column(default=now)

    service: Mapped[Service] = orm.relationship(back_populates="incarnations")
