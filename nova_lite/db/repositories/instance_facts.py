# SPDX-License-Identifier: Apache-2.0
"""Servers as notifications tell of them; read only when they are sent."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa

from nova_lite.db import session as db
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.keypair import KeyPair
from nova_lite.db.repositories import rows, tag, usage

# Large, and nothing that others should read.
_KEPT_BACK = ("user_data", "request_spec", "system_metadata", "sealed")


@db.transaction
def facts(uuid: str) -> dict[str, Any] | None:
    """A server, also a deleted one, with its tags and its key pair."""
    with db.reader() as session:
        found = session.scalar(
            sa.select(Instance).where(Instance.uuid == uuid)
        )
        if found is None:
            return None
        row = rows.as_dict(found)
        grows = row["system_metadata"].get("auto_disk_config") == "True"
        row["auto_disk_config"] = "AUTO" if grows else "MANUAL"
        for name in _KEPT_BACK:
            row.pop(name, None)
        keys = session.scalars(
            sa.select(KeyPair).where(
                KeyPair.user_id == row["user_id"],
                KeyPair.name == row["key_name"],
            )
        )
        row["keypairs"] = [rows.as_dict(one) for one in keys]
        row["tags"] = tag.of_instance(session, uuid)
        return row


@db.transaction
def ran_on_host(
    host: str, begin: datetime.datetime, end: datetime.datetime
) -> list[str]:
    """uuids of the servers that ran on a host in a period."""
    with db.reader() as session:
        return list(
            session.scalars(
                sa.select(Instance.uuid)
                .where(Instance.host == host, *usage.ran_within(begin, end))
                .order_by(Instance.uuid)
            )
        )
