# SPDX-License-Identifier: Apache-2.0
"""The journal: what was asked of servers, and how far each has come.

The API shows these rows as os-instance-actions. See doc/architecture.md for
the life of a row.
"""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, LongText, now


class InstanceAction(Base):
    """One accepted request. Written with the state change that it causes."""

    __tablename__ = "instance_actions"
    __table_args__ = (
        sa.Index(None, "instance_uuid", "start_time"),
        sa.Index(None, "state", "queued_at"),
        sa.Index(None, "request_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_uuid: Mapped[str] = mapped_column(sa.String(36))
    # What os-instance-actions shows: create, delete, reboot ...
    action: Mapped[str]
    request_id: Mapped[str | None]
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    message: Mapped[str | None] = mapped_column(sa.Text)
    start_time: Mapped[datetime.datetime] = mapped_column(default=now)
    finish_time: Mapped[datetime.datetime | None]
    updated_at: Mapped[datetime.datetime] = mapped_column(
        default=now, onupdate=now
    )

    # The transition (compute/transitions.py) that this row runs.
    operation: Mapped[str] = mapped_column(sa.String(64))
    # queued, running, done, error
    state: Mapped[str] = mapped_column(sa.String(16))
    # Who is to run it next: a compute host, or conductor when this is null.
    target_host: Mapped[str | None]
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The incarnation that runs it, or ran it last.
    worker: Mapped[str | None] = mapped_column(sa.String(36))
    attempt: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime.datetime] = mapped_column(default=now)
    claimed_at: Mapped[datetime.datetime | None]


class InstanceActionEvent(Base):
    """A step of an action, as the API shows it."""

    __tablename__ = "instance_action_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(
        sa.ForeignKey("instance_actions.id", ondelete="CASCADE"), index=True
    )
    event: Mapped[str]
    start_time: Mapped[datetime.datetime]
    finish_time: Mapped[datetime.datetime | None]
    result: Mapped[str | None] = mapped_column(sa.String(32))
    # Shown to the owner from 2.84 on.
    details: Mapped[str | None] = mapped_column(LongText)
    # Shown to administrators only.
    traceback: Mapped[str | None] = mapped_column(LongText)
    host: Mapped[str | None]
