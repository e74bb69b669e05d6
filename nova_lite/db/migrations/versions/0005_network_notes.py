# SPDX-License-Identifier: Apache-2.0
"""What users and operators note on floating IPs and network agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the schema."""
    with op.batch_alter_table("network_agents", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("description", sa.String(length=255), nullable=True)
        )
    with op.batch_alter_table("floating_ips", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("dns_name", sa.String(length=255), nullable=True)
        )
        batch_op.add_column(
            sa.Column("dns_domain", sa.String(length=255), nullable=True)
        )
