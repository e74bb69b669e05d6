# SPDX-License-Identifier: Apache-2.0
"""The rights to open a console, each for one connection."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class ConsoleAuthToken(Timestamped, Base):
    """A token by its SHA-256, and where the console is that it opens.

    ``host`` is the address that a proxy connects to, not the name of the
    server's compute host.
    """

    __tablename__ = "console_auth_tokens"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.Index(None, "expires_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    instance_uuid: Mapped[str] = mapped_column(sa.String(36))
    console_type: Mapped[str] = mapped_column(sa.String(32))
    host: Mapped[str]
    port: Mapped[int]
    internal_access_path: Mapped[str | None]
    access_url_base: Mapped[str]
    expires_at: Mapped[datetime.datetime]
