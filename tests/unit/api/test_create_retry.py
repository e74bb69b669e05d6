# SPDX-License-Identifier: Apache-2.0
"""A create whose COMMIT lost its answer: the servers are written once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import event, orm

from nova_lite.db import session
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.instance_action import InstanceAction
from tests.fixtures.compute_api import IMAGE, ComputeAPI, start, stop


@pytest.fixture
def api(database_url: str) -> Iterator[ComputeAPI]:
    """The API on each kind of database."""
    yield start(database_url)
    stop()


@pytest.fixture
def lost_answers() -> Iterator[list[str]]:
    """The first COMMIT is done, and its answer lost."""
    lost: list[str] = []

    def lose(_session: Any) -> None:
        if not lost:
            lost.append("an answer")
            raise db_exc.DBConnectionError()

    event.listen(orm.Session, "after_commit", lose)
    yield lost
    event.remove(orm.Session, "after_commit", lose)


def test_servers_are_written_once(
    api: ComputeAPI, lost_answers: list[str]
) -> None:
    lost_answers.append("not yet")
    api.add("flavor", flavorid="7", name="tiny")
    lost_answers.clear()
    server = {"name": "web", "imageRef": IMAGE, "flavorRef": "7"}
    done = api("POST", "/servers", {"server": {**server, "max_count": 2}})
    assert done.status == 202
    assert lost_answers, "no COMMIT was seen"
    with session.reader() as db:
        uuids = db.scalars(sa.select(Instance.uuid)).all()
        actions = db.scalars(sa.select(InstanceAction.instance_uuid)).all()
    assert len(uuids) == 2
    assert sorted(actions) == sorted(uuids)
    assert done.json["server"]["id"] in uuids
