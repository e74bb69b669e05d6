# SPDX-License-Identifier: Apache-2.0
"""The database's door: the engines of a process, transactions, retries.

Used in api, conductor, scheduler and manage processes. ``reader()`` and
``writer()`` give a session in a transaction; ``transaction`` retries a
function whose transaction met a deadlock, a lock or a lost connection, so
such a function does nothing but statements.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exc
from oslo_db.sqlalchemy import engines, exc_filters
from oslo_log import log as logging
from sqlalchemy import event, orm

from nova_lite import exception
from nova_lite.db import driver, stale

LOG = logging.getLogger(__name__)
CONF = cfg.CONF
P = ParamSpec("P")
T = TypeVar("T")

_RETRIABLE = (
    db_exc.DBConnectionError,
    db_exc.DBDeadlock,
    db_exc.RetryRequest,
)
_SQLITE_LOCK_WAIT_S = 30.0

# Two threads that come first at once share one engine: the other's
# connections would stay open with nobody to close them.
_making = threading.RLock()
_engine: sa.Engine | None = None
_reading: sa.Engine | None = None
_statements = 0


def default_url() -> str:
    """The SQLite file that is used when nothing is configured."""
    return "sqlite:///" + os.path.join(CONF.state_path, "nova-lite.sqlite")


def url() -> str:
    """The configured database, or the default one."""
    return CONF.database.connection or default_url()


def statements() -> int:
    """SQL statements that this process has sent so far."""
    return _statements


def engine() -> sa.Engine:
    """The process's engine, made at first use (after any fork)."""
    global _engine
    with _making:
        if _engine is None:
            _engine = _make_engine(url())
        return _engine


def _reading_engine() -> sa.Engine:
    """The engine of transactions that only read.

    A server needs no BEGIN and no ROLLBACK for these: at READ COMMITTED
    each statement sees what is committed, in a transaction or not. SQLite
    has no round trips to save, and its readers do want one snapshot.
    """
    global _reading
    with _making:
        if _reading is None:
            if engine().dialect.name == "sqlite":
                return engine()
            _reading = _make_engine(
                url(),
                isolation_level="AUTOCOMMIT",
                skip_autocommit_rollback=True,
            )
        return _reading


def ping() -> None:
    """Ask the database for nothing. Raises: DatabaseUnavailable."""
    try:
        with _reading_engine().connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except db_exc.DBError as error:
        raise exception.DatabaseUnavailable() from error


def dispose() -> None:
    """Close the connections; the next use makes a new engine."""
    global _engine, _reading
    with _making:
        for made in (_engine, _reading):
            if made is not None:
                made.dispose()
        _engine = _reading = None


def _make_engine(address: str, **options: Any) -> sa.Engine:
    sqlite = address.startswith("sqlite")
    if "+pymysql:" in address:
        driver.load_pymysql()
    if sqlite:
        made = sa.create_engine(
            address,
            poolclass=sa.QueuePool,
            pool_size=CONF.database.max_pool_size,
            max_overflow=CONF.database.max_overflow,
            # Green threads share one native thread, so SQLite's own check
            # says nothing; the pool gives a connection to one at a time.
            connect_args={"check_same_thread": False, "timeout": 0.02},
        )
        _prepare_sqlite(made)
    else:
        made = engines.create_engine(
            address,
            max_pool_size=CONF.database.max_pool_size,
            max_overflow=CONF.database.max_overflow,
            mysql_sql_mode="TRADITIONAL",
            # The first statement of daemons that start before the database
            # waits in ``transaction`` like any other.
            max_retries=0,
            connection_recycle_time=3600,
            # The drivers' sockets give way to other green threads already.
            thread_checkin=False,
            _engine_target=functools.partial(_engine_without_reset, **options),
        )
    if sqlite:
        exc_filters.register_engine(made)
    elif made.dialect.name in ("mysql", "mariadb"):
        event.listen(made, "connect", _read_committed)
    event.listen(made, "after_cursor_execute", _count)
    return made


def _engine_without_reset(
    address: sa.URL, **options: Any
) -> tuple[sa.Engine, sa.Engine]:
    """A session ends its transaction itself, so the pool need not.

    Its ROLLBACK after each would be a round trip for nothing.
    """
    options |= {"pool_reset_on_return": None, "pool_pre_ping": False}
    made = sa.create_engine(address, **options)
    stale.ping_when_idle(made)
    return made, made


def _read_committed(connection: Any, _record: Any) -> None:
    """See what others have committed, as PostgreSQL does by default.

    A transaction that updates a row conditionally and then reads beside it
    must not read from before its own update.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
        )


def _count(*_args: Any) -> None:
    global _statements
    _statements += 1


def _prepare_sqlite(made: sa.Engine) -> None:
    """WAL, foreign keys, and BEGIN by us instead of by the driver.

    A writer takes the lock at its BEGIN. Waiting for it is done here in
    Python, not in SQLite: SQLite's own wait would stop every green thread,
    the one that holds the lock among them.
    """

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        _retry_locked(lambda: cursor.execute("PRAGMA journal_mode=WAL"))
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA case_sensitive_like=ON")
        cursor.close()

    @event.listens_for(made, "begin")
    def _begin(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("nova_lite_write"):
            connection.exec_driver_sql("BEGIN")
            return
        _retry_locked(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _retry_locked(begin: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _SQLITE_LOCK_WAIT_S
    wait = 0.001
    while True:
        try:
            begin()
            return
        except Exception as error:
            # The driver's error comes raw or wrapped, by the place.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(wait * (0.5 + random.random()))
        wait = min(wait * 2, 0.05)


@contextlib.contextmanager
def reader() -> Iterator[orm.Session]:
    """A session in a transaction that only reads."""
    with orm.Session(_reading_engine(), expire_on_commit=False) as session:
        yield session


@contextlib.contextmanager
def writer() -> Iterator[orm.Session]:
    """A session in a transaction, committed at the end of the block."""
    bind = engine().execution_options(nova_lite_write=True)
    with (
        orm.Session(bind, expire_on_commit=False) as session,
        session.begin(),
    ):
        yield session


@contextlib.contextmanager
def single() -> Iterator[orm.Session]:
    """A session whose every statement is a transaction, where a server has
    it; for writes that need no other beside them, without a COMMIT each.
    """
    sqlite = engine().dialect.name == "sqlite"
    with writer() if sqlite else reader() as session:
        yield session


def transaction(fn: Callable[P, T]) -> Callable[P, T]:
    """Retry ``fn`` while the database is locked, busy or away.

    For as long as [database] retry_limit_s.
    Raises: DatabaseUnavailable after that.
    """

    @functools.wraps(fn)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        deadline = time.monotonic() + CONF.database.retry_limit_s
        wait = 0.01
        while True:
            try:
                return fn(*args, **kwargs)
            except _RETRIABLE as error:
                if time.monotonic() > deadline:
                    LOG.error("The database did not answer: %s", error)
                    raise exception.DatabaseUnavailable() from error
                LOG.debug("Trying the transaction again: %s", error)
            time.sleep(wait * (0.5 + random.random()))
            wait = min(wait * 2, 1.0)

    return wrapper
