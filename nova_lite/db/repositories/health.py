# SPDX-License-Identifier: Apache-2.0
"""What can be asked of the database server itself.

Called by nova-lite-status and nova-lite-manage.
"""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from oslo_db import exception as db_exc

from nova_lite.db import session as db

# What a statement can raise: oslo.db translates most errors, not all.
ERRORS = (db_exc.DBError, sa.exc.SQLAlchemyError)


def server_version() -> str:
    """Kind and version of the server, such as ``mysql 10.11.19``."""
    dialect = db.engine().dialect
    with db.engine().connect():
        version = dialect.server_version_info or ()
    return f"{dialect.name} {'.'.join(str(part) for part in version)}"


def server_time() -> datetime.datetime | None:
    """The server's clock; None for SQLite, which has none of its own."""
    name = db.engine().dialect.name
    if name == "sqlite":
        return None
    # CURRENT_TIMESTAMP follows the session's time zone on each of the two.
    text = "UTC_TIMESTAMP(6)"
    if name == "postgresql":
        text = "clock_timestamp() AT TIME ZONE 'UTC'"
    with db.engine().connect() as connection:
        moment = connection.execute(sa.text(f"SELECT {text}")).scalar_one()
    return moment.replace(tzinfo=datetime.UTC)  # type: ignore[no-any-return]
