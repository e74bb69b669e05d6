# SPDX-License-Identifier: Apache-2.0
"""Metadata, tags and the password of a server, changed by many at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.compute import labels
from nova_lite.compute.request import MAX_TAGS
from nova_lite.context import RequestContext
from nova_lite.db.models.base import now
from nova_lite.db.repositories import (
    instance_query,
    purge,
    server_password,
)
from nova_lite.db.repositories import tag as tags_of
from tests.fixtures import compute_api, hosts

UUID = "00000000-0000-4000-8000-000000000001"
CONTEXT = RequestContext(user_id="alice", project_id="p1")


@pytest.fixture
def server(database_url: str) -> Iterator[None]:
    hosts.use_database(database_url)
    hosts.create_tables()
    compute_api.ComputeAPI.add(
        "server", uuid=UUID, system_metadata={"kept": "yes"}
    )
    yield
    hosts.leave_database()


def _row() -> dict[str, Any]:
    row = common.read(instance_query.get, UUID)
    assert row is not None
    return row


def test_no_change_of_metadata_is_lost(server: None) -> None:
    labels.set_metadata(CONTEXT, UUID, {f"old{n}": "" for n in range(10)})

    def change(number: int) -> None:
        labels.set_metadata(CONTEXT, UUID, {f"new{number}": str(number)})
        labels.remove_metadata(CONTEXT, UUID, f"old{number}")

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(change, range(10)))
    wanted = {f"new{number}": str(number) for number in range(10)}
    assert _row()["instance_metadata"] == wanted


def test_no_server_gets_more_tags_than_it_may(server: None) -> None:
    labels.set_tags(UUID, [f"old{n}" for n in range(MAX_TAGS - 3)])

    def add(number: int) -> bool:
        try:
            return labels.add_tag(UUID, f"new{number}")
        except exception.TooManyTags:
            return False

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(add, range(10))) == 3
    assert len(common.read(tags_of.of_instance, UUID)) == MAX_TAGS


def test_the_same_tags_at_once(server: None) -> None:
    with ThreadPoolExecutor(5) as pool:
        done = list(
            pool.map(lambda _: labels.set_tags(UUID, ["b", "a"]), range(10))
        )
    assert done == [["a", "b"]] * 10
    assert common.read(tags_of.of_instance, UUID) == ["a", "b"]


def test_a_password_leaves_the_rest_alone(server: None) -> None:
    common.write(server_password.store, UUID, "c2VjcmV0")
    assert server_password.of_row(_row()) == "c2VjcmV0"
    assert _row()["system_metadata"]["kept"] == "yes"
    common.write(server_password.store, UUID, "")
    assert server_password.of_row(_row()) == ""
    assert _row()["system_metadata"] == {"kept": "yes"}
    with pytest.raises(exception.InstanceNotFound):
        common.write(server_password.store, UUID[::-1], "c2VjcmV0")


def test_tags_go_with_their_server(server: None) -> None:
    gone = UUID[:-1] + "2"
    compute_api.ComputeAPI.add("server", uuid=gone)
    for uuid in (UUID, gone):
        labels.set_tags(uuid, ["a", "b"])
    common.write(
        instance_query.write, gone, {"deleted": 2, "deleted_at": now()}
    )
    assert purge.deleted_servers(now())["instance_tags"] == 2
    left = common.read(tags_of.of_instances, [UUID, gone])
    assert left == {UUID: ["a", "b"]}
