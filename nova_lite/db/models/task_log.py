# SPDX-License-Identifier: Apache-2.0
"""What periodic work did for a period on a host: the usage audits."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class TaskLog(Timestamped, Base):
    """One run of a named task on a host for a period."""

    __tablename__ = "task_logs"
    __table_args__ = (
        sa.UniqueConstraint(
            "task_name", "host", "period_beginning", "period_ending"
        ),
        sa.Index(None, "period_beginning"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_name: Mapped[str] = mapped_column(sa.String(64))
    # RUNNING, DONE
    state: Mapped[str] = mapped_column(sa.String(16))
    host: Mapped[str]
    period_beginning: Mapped[datetime.datetime]
    period_ending: Mapped[datetime.datetime]
    message: Mapped[str] = mapped_column(sa.Text)
    task_items: Mapped[int] = mapped_column(default=0)
    errors: Mapped[int] = mapped_column(default=0)
