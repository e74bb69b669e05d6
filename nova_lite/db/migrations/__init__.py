# SPDX-License-Identifier: Apache-2.0
"""The schema's versions, by alembic. Called by nova-lite-manage and status."""

from __future__ import annotations

import pathlib

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from nova_lite.db import session

_HERE = pathlib.Path(__file__).parent


def config() -> Config:
    """alembic's configuration: where the scripts are."""
    made = Config()
    made.set_main_option("script_location", str(_HERE))
    return made


def sync(revision: str = "head") -> None:
    """Bring the configured database to a version of the schema."""
    command.upgrade(config(), revision)


def version() -> str | None:
    """The database's version; None when it has no schema yet."""
    with session.engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The newest version that this release knows."""
    return ScriptDirectory.from_config(config()).get_current_head()
