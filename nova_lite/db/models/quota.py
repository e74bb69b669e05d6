# SPDX-License-Identifier: Apache-2.0
"""Quotas: what a project may use, and the lock that makes it hold."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class Quota(Timestamped, Base):
    """A limit of a project, or of one user of it; -1 is unlimited."""

    __tablename__ = "quotas"

    project_id: Mapped[str] = mapped_column(primary_key=True)
    # Empty: the whole project.
    user_id: Mapped[str] = mapped_column(primary_key=True, default="")
    resource: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    hard_limit: Mapped[int]


class QuotaClass(Timestamped, Base):
    """A limit for all projects that have none of their own."""

    __tablename__ = "quota_classes"

    class_name: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    hard_limit: Mapped[int]


class QuotaGuard(Base):
    """The row that whoever uses up quota of a project locks first.

    Usage is counted, never stored, so it cannot be wrong; this lock keeps
    two requests from counting at the same moment.
    """

    __tablename__ = "quota_guards"

    project_id: Mapped[str] = mapped_column(primary_key=True)
