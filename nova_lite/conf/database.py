# SPDX-License-Identifier: Apache-2.0
"""[database]: the one database."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("database", title="Database")

OPTS = [
    cfg.StrOpt(
        "connection",
        secret=True,
        help="SQLAlchemy URL: mysql+pymysql://, postgresql+psycopg:// or "
        "sqlite:///. Empty means SQLite in state_path, in WAL mode. Not read "
        "by nova-lite-compute, which reaches the database by conductor.",
    ),
    cfg.IntOpt(
        "max_pool_size",
        default=10,
        min=1,
        max=500,
        help="Connections that one process keeps open.",
    ),
    cfg.IntOpt(
        "max_overflow",
        default=20,
        min=0,
        max=500,
        help="Connections beyond max_pool_size that one process may open in "
        "a burst.",
    ),
    cfg.IntOpt(
        "retry_limit_s",
        default=20,
        min=0,
        max=600,
        help="Seconds during which a transaction that met a deadlock, a lock "
        "or a lost connection is tried again before the error is given to "
        "the caller.",
    ),
]
