# SPDX-License-Identifier: Apache-2.0
"""Connections that broke while nobody used them are found before their use.

SQLAlchemy's own way is a ping at each checkout: a round trip more for every
statement that the API reads with. A connection that was used a moment ago is
as good as one that was pinged a moment ago, so it is not asked again.
"""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

TRUSTED_S = 1.0
_USED_AT = "nova_lite_used_at"


def ping_when_idle(engine: sa.Engine) -> None:
    """Ping what comes from the pool unused for TRUSTED_S or longer.

    When one of them is broken the whole pool is made anew.
    """

    @event.listens_for(engine, "checkin")
    def _comes_back(_connection: Any, record: Any) -> None:
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _is_taken(connection: Any, record: Any, _proxy: Any) -> None:
        # A new one has not come back yet.
        used_at = record.info.get(_USED_AT)
        if used_at is None or time.monotonic() - used_at < TRUSTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.InvalidatePoolError from error
