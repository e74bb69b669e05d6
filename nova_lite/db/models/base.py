# SPDX-License-Identifier: Apache-2.0
"""The declarative base, and the column types that all three servers share."""

from __future__ import annotations

import datetime
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import mysql

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(sa.types.TypeDecorator[datetime.datetime]):
    """Aware UTC in Python; microseconds kept on every server."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(
        self, value: datetime.datetime | None, dialect: sa.Dialect
    ) -> datetime.datetime | None:
        if value is None:
            return None
        return value.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(
        self, value: datetime.datetime | None, dialect: sa.Dialect
    ) -> datetime.datetime | None:
        return None if value is None else value.replace(tzinfo=datetime.UTC)


class JSONText(sa.types.TypeDecorator[Any]):
    """A JSON document kept as text; read and written whole."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.MEDIUMTEXT())
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


class ExactText(sa.types.TypeDecorator[str]):
    """Text whose spaces at the end count, on MariaDB too."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length=length)
        self.length = length

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        if getattr(dialect, "is_mariadb", False):
            return dialect.type_descriptor(
                mysql.VARCHAR(self.length, collation="utf8mb4_nopad_bin")
            )
        return dialect.type_descriptor(sa.String(self.length))


class LongText(sa.types.TypeDecorator[str]):
    """Text beyond 64 KiB (MariaDB's TEXT ends there)."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.MEDIUMTEXT())
        return dialect.type_descriptor(sa.Text())


def now() -> datetime.datetime:
    """The present moment, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


class Base(orm.DeclarativeBase):
    """Base of every model.

    MariaDB compares text by its bytes, as the other two do.
    """

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime.datetime: UTCDateTime(),
        str: sa.String(255),
        dict[str, Any]: JSONText(),
        list[Any]: JSONText(),
    }
    __table_args__: Any = {
        "mysql_engine": "InnoDB",
        "mysql_charset": "utf8mb4",
        "mysql_collate": "utf8mb4_bin",
    }


class Timestamped:
    """``created_at`` and ``updated_at``."""

    created_at: orm.Mapped[datetime.datetime] = orm.mapped_column(default=now)
    updated_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        onupdate=now
    )
