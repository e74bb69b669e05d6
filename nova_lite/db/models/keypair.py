# SPDX-License-Identifier: Apache-2.0
"""Key pairs: the public halves."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, Timestamped


class KeyPair(Timestamped, Base):
    """A user's public key (``type`` ssh or x509)."""

    __tablename__ = "key_pairs"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "name"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    name: Mapped[str]
    type: Mapped[str] = mapped_column(sa.String(16), default="ssh")
    fingerprint: Mapped[str]
    public_key: Mapped[str] = mapped_column(sa.Text)
