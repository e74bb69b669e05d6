# SPDX-License-Identifier: Apache-2.0
"""Run by alembic: migrations on the configured database."""

from __future__ import annotations

from alembic import context

from nova_lite.db import models, session

models.load_all()

with (
    session.engine()
    .execution_options(nova_lite_write=True)
    .connect() as connection
):
    context.configure(
        connection=connection,
        target_metadata=models.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
