# SPDX-License-Identifier: Apache-2.0
"""The whole life of a server: tokens of consoles, what config drives hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nova_lite.db.models.base import LongText, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the schema."""
    with op.batch_alter_table("instances", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", LongText(), nullable=True))
        # What a quota counts, without those that are soft-deleted.
        batch_op.drop_index(
            batch_op.f(
                "ix_instances_project_id_deleted_user_id_vcpus_memory_mb"
            )
        )
        batch_op.create_index(
            "ix_instances_quota",
            [
                "project_id",
                "deleted",
                "user_id",
                "vcpus",
                "memory_mb",
                "vm_state",
                "task_state",
            ],
            unique=False,
        )
    op.create_table(
        "console_auth_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("instance_uuid", sa.String(length=36), nullable=False),
        sa.Column("console_type", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("internal_access_path", sa.String(255), nullable=True),
        sa.Column("access_url_base", sa.String(255), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_auth_tokens")),
        sa.UniqueConstraint(
            "token_hash", name=op.f("uq_console_auth_tokens_token_hash")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("console_auth_tokens", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_console_auth_tokens_expires_at"),
            ["expires_at"],
            unique=False,
        )
