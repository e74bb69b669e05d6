# SPDX-License-Identifier: Apache-2.0
"""The encrypted password of a server, kept in its system metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import orm

from nova_lite.db.repositories import instance_query

_KEY = "password"


def of_row(row: Mapping[str, Any]) -> str:
    """The password in a server's row; empty when there is none."""
    return str(row["system_metadata"].get(_KEY, ""))


def store(session: orm.Session, uuid: str, password: str) -> None:
    """Keep a server's password, or none when it is empty.

    Raises: InstanceNotFound.
    """
    row = instance_query.lock(session, uuid)
    if password != of_row(row):
        _write(session, row, password)


def store_first(session: orm.Session, uuid: str, password: str) -> bool:
    """Keep a server's password; False when it has one already.

    Raises: InstanceNotFound.
    """
    row = instance_query.lock(session, uuid)
    if of_row(row):
        return False
    _write(session, row, password)
    return True


def _write(
    session: orm.Session, row: Mapping[str, Any], password: str
) -> None:
    kept = {k: v for k, v in row["system_metadata"].items() if k != _KEY}
    if password:
        kept[_KEY] = password
    instance_query.write(session, row["uuid"], {"system_metadata": kept})
