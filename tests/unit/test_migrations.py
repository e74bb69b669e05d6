# SPDX-License-Identifier: Apache-2.0
"""The migrations make what the models say, on every kind of database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECK = """
import sys
from nova_lite import concurrency; concurrency.setup("threading")
from nova_lite import config
config.parse_args([], default_config_files=[sys.argv[1]])
from alembic import autogenerate
from alembic.runtime.migration import MigrationContext
from nova_lite.db import migrations, models, session
models.load_all()
assert migrations.version() is None
migrations.sync()
migrations.sync()
assert migrations.version() == migrations.head()
with session.engine().connect() as connection:
    context = MigrationContext.configure(connection)
    found = autogenerate.compare_metadata(context, models.Base.metadata)
assert not found, found
"""


def test_models_match_migrations(database_url: str, tmp_path: Path) -> None:
    conf = tmp_path / "nova_lite.conf"
    conf.write_text(
        f"[DEFAULT]\nstate_path={tmp_path}\n[database]\n"
        f"connection={database_url}\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHECK, str(conf)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
