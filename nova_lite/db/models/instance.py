# SPDX-License-Identifier: Apache-2.0
"""Servers, the faults that befell them, and their tags."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.models.base import (
    Base,
    ExactText,
    LongText,
    Timestamped,
    now,
)


class Instance(Timestamped, Base):
    """One server. ``deleted`` is 0, or the row's own id once it is gone.

    Documents that are read and written whole (flavor, image, metadata, what
    was asked of the scheduler) are JSON here: a list is then one query.
    """

    __tablename__ = "instances"
    __table_args__ = (
        sa.Index(None, "deleted", "project_id", "created_at", "id"),
        sa.Index(None, "deleted", "created_at", "id"),
        sa.Index(None, "deleted", "host"),
        # All that a quota counts: answered from the index alone.
        sa.Index(
            "ix_instances_quota",
            "project_id",
            "deleted",
            "user_id",
            "vcpus",
            "memory_mb",
            "vm_state",
            "task_state",
        ),
        # Rare states, changes and names are found without the others.
        sa.Index(None, "deleted", "vm_state", "created_at", "id"),
        sa.Index(None, "display_name", "deleted"),
        sa.Index(None, "created_at"),
        sa.Index(None, "updated_at"),
        sa.Index(None, "reservation_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    project_id: Mapped[str]
    user_id: Mapped[str]
    reservation_id: Mapped[str | None]
    launch_index: Mapped[int] = mapped_column(default=0)
    display_name: Mapped[str]
    display_description: Mapped[str | None]
    hostname: Mapped[str]

    vm_state: Mapped[str] = mapped_column(sa.String(32))
    task_state: Mapped[str | None] = mapped_column(sa.String(32))
    power_state: Mapped[int] = mapped_column(default=0)
    progress: Mapped[int] = mapped_column(default=0)

    host: Mapped[str | None]
    node: Mapped[str | None]
    launched_on: Mapped[str | None]
    availability_zone: Mapped[str | None]

    # As they were when the server was made or last resized.
    flavor: Mapped[dict[str, Any]]
    vcpus: Mapped[int]
    memory_mb: Mapped[int]
    root_gb: Mapped[int]
    ephemeral_gb: Mapped[int]
    image_ref: Mapped[str | None]
    image_meta: Mapped[dict[str, Any]]

    instance_metadata: Mapped[dict[str, Any]] = mapped_column(default=dict)
    system_metadata: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_spec: Mapped[dict[str, Any]] = mapped_column(default=dict)
    key_name: Mapped[str | None]
    key_data: Mapped[str | None] = mapped_column(sa.Text)
    user_data: Mapped[str | None] = mapped_column(LongText)
    config_drive: Mapped[bool] = mapped_column(default=False)
    # Password and files of a request until it has ended (nova_lite/sealed.py).
    sealed: Mapped[str | None] = mapped_column(LongText)
    root_device_name: Mapped[str | None]
    # Its interfaces (network/model.py); None: not allocated yet.
    network_info: Mapped[list[Any] | None]
    access_ip_v4: Mapped[str | None] = mapped_column(sa.String(39))
    access_ip_v6: Mapped[str | None] = mapped_column(sa.String(39))

    locked: Mapped[bool] = mapped_column(default=False)
    locked_by: Mapped[str | None] = mapped_column(sa.String(16))
    locked_reason: Mapped[str | None]

    launched_at: Mapped[datetime.datetime | None]
    terminated_at: Mapped[datetime.datetime | None]
    deleted_at: Mapped[datetime.datetime | None]
    deleted: Mapped[int] = mapped_column(default=0)


class InstanceFault(Base):
    """What went wrong, in a sentence; ``details`` is for administrators."""

    __tablename__ = "instance_faults"
    __table_args__ = (
        sa.Index(None, "instance_uuid", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_uuid: Mapped[str] = mapped_column(sa.String(36))
    code: Mapped[int]
    message: Mapped[str] = mapped_column(sa.Text)
    # Shown to a tenant as ``details``; the full one only to admins.
    details: Mapped[str | None] = mapped_column(LongText)
    host: Mapped[str | None]
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)


class InstanceTag(Base):
    """A tag of a server."""

    __tablename__ = "instance_tags"

    instance_uuid: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    tag: Mapped[str] = mapped_column(
        ExactText(60), primary_key=True, index=True
    )
