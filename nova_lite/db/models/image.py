# SPDX-License-Identifier: Apache-2.0
"""Images of the embedded image service: what is known, not the bytes."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import Base, LongText, now


class Image(Base):
    """One image; its bytes lie in the store under the same id."""

    __tablename__ = "images"
    __table_args__ = (
        sa.Index(None, "owner"),
        sa.Index(None, "visibility"),
        sa.Index(None, "created_at", "id"),
        Base.__table_args__,
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str | None]
    owner: Mapped[str | None]
    # queued, saving, active, deactivated; deleted until the bytes are gone
    status: Mapped[str] = mapped_column(sa.String(16), default="queued")
    visibility: Mapped[str] = mapped_column(sa.String(16), default="shared")
    protected: Mapped[bool] = mapped_column(default=False)
    os_hidden: Mapped[bool] = mapped_column(default=False)
    disk_format: Mapped[str | None] = mapped_column(sa.String(32))
    container_format: Mapped[str | None] = mapped_column(sa.String(32))
    size_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    virtual_size_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    checksum: Mapped[str | None] = mapped_column(sa.String(32))
    os_hash_algo: Mapped[str | None] = mapped_column(sa.String(32))
    os_hash_value: Mapped[str | None] = mapped_column(sa.String(128))
    min_disk_gb: Mapped[int] = mapped_column(default=0)
    min_ram_mb: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime.datetime] = mapped_column(
        default=now, onupdate=now
    )

    properties: Mapped[list[ImageProperty]] = orm.relationship(
        cascade="all, delete-orphan",
        lazy="selectin",
        order_by="ImageProperty.name",
    )
    tags: Mapped[list[ImageTag]] = orm.relationship(
        cascade="all, delete-orphan",
        lazy="selectin",
        order_by="ImageTag.tag",
    )


class ImageProperty(Base):
    """A property that the owner gave; a row each, for lists filter by it."""

    __tablename__ = "image_properties"

    image_id: Mapped[str] = mapped_column(
        sa.ForeignKey("images.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(LongText)


class ImageTag(Base):
    """A tag of an image."""

    __tablename__ = "image_tags"

    image_id: Mapped[str] = mapped_column(
        sa.ForeignKey("images.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(primary_key=True)


class ImageMember(Base):
    """A project that an image is shared with, and what it said to that."""

    __tablename__ = "image_members"
    __table_args__ = (sa.Index(None, "member"), Base.__table_args__)

    image_id: Mapped[str] = mapped_column(
        sa.ForeignKey("images.id", ondelete="CASCADE"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    # pending, accepted, rejected
    status: Mapped[str] = mapped_column(sa.String(16), default="pending")
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime.datetime] = mapped_column(
        default=now, onupdate=now
    )
