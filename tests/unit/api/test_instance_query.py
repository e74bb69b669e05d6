# SPDX-License-Identifier: Apache-2.0
"""Lists of servers on every database: the same rows in the same order."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas.server_list import SORTED_BY
from nova_lite.api.openstack.microversions import MAX
from nova_lite.compute.request import InstanceQuery
from nova_lite.db import session
from nova_lite.db.repositories import (
    action_query,
    flavor,
    instance_query,
    keypair,
    server_view,
    service_query,
)
from tests.fixtures import compute_api, hosts

DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
NAMES = ["a", "B", "b_1", "c%", "ä", "a\\b", 'q"', "it's"]


@pytest.fixture
def database(database_url: str) -> Iterator[None]:
    hosts.use_database(database_url)
    hosts.create_tables()
    yield
    hosts.leave_database()


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _add(number: int, **values: Any) -> None:
    compute_api.ComputeAPI.add("server", uuid=_uuid(number), **values)


def _list(**values: Any) -> list[dict[str, Any]]:
    return common.read(instance_query.list_, InstanceQuery(**values))


def _names(**values: Any) -> list[str]:
    sort = [("display_name", "asc")]
    return sorted(
        row["display_name"] for row in _list(**{"sort": sort, **values})
    )


def test_pages_are_the_whole_list(database: None) -> None:
    draw = random.Random(1)
    for number in range(23):
        _add(
            number,
            display_name=draw.choice(NAMES),
            host=draw.choice([None, "h1", "h2"]),
            created_at=DAY + datetime.timedelta(days=draw.randint(0, 3)),
            updated_at=draw.choice([None, DAY]),
            progress=draw.randint(0, 2),
        )
    keys = sorted(SORTED_BY.at(MAX))
    sorts = [[(key, way)] for key in keys for way in ("asc", "desc")]
    sorts += [
        [(first, "asc"), (second, "desc")]
        for first, second in itertools.permutations(
            ["host", "created_at", "updated_at", "progress"], 2
        )
    ]
    for sort in sorts:
        whole = [row["uuid"] for row in _list(sort=sort)]
        assert len(set(whole)) == 23, sort
        paged: list[str] = []
        while page := _list(
            sort=sort, limit=5, marker=paged[-1] if paged else None
        ):
            paged += [row["uuid"] for row in page]
        assert paged == whole, sort


def test_filters_take_any_text(database: None) -> None:
    for number, name in enumerate(NAMES):
        _add(
            number,
            display_name=name,
            key_name=name,
            flavor={"flavorid": name},
            locked=name == "B",
        )
    for name in NAMES:
        assert _names(filters={"key_name": name}) == [name]
        assert _names(filters={"flavor_id": name}) == [name]
    assert _names(filters={"key_name": ["a", "B"]}) == ["B", "a"]
    assert _names(filters={"key_name": []}) == []
    assert _names(filters={"host": None}) == sorted(NAMES)
    assert _names(filters={"locked": True}) == ["B"]
    assert _names(filters={"host": "h"}) == []


def test_regular_expressions(database: None) -> None:
    for number, name in enumerate(["web-1", "web-22", "DB", "x.y"]):
        _add(number, display_name=name)
    for pattern, names in {
        "^web": ["web-1", "web-22"],
        "b-2+$": ["web-22"],
        "db": [],
        r"x\.y": ["x.y"],
        "(web-1|DB)": ["DB", "web-1"],
        "[0-9]{2}": ["web-22"],
    }.items():
        assert _names(regexes={"display_name": pattern}) == names, pattern


def test_a_pattern_that_a_database_refuses_is_bad_input(
    database: None,
) -> None:
    """Named groups are Python's, and so SQLite's, and PCRE's."""
    _add(1)
    refuses = session.engine().dialect.name == "postgresql"
    expected = (
        pytest.raises(exception.Invalid, match="database refuses")
        if refuses
        else contextlib.nullcontext()
    )
    with expected:
        _list(regexes={"display_name": "(?P<x>w)(?P=x)"})
    assert len(_list()) == 1


def test_changes_and_deletions(database: None) -> None:
    day = datetime.timedelta(days=1)
    _add(1, display_name="old", created_at=DAY)
    _add(2, display_name="new", created_at=DAY, updated_at=DAY + 2 * day)
    _add(3, display_name="gone", created_at=DAY + 2 * day, deleted=3)
    assert _names() == ["new", "old"]
    assert _names(deleted=True) == ["gone"]
    assert _names(deleted=None) == ["gone", "new", "old"]
    assert _names(deleted=None, changes_since=DAY + day) == ["gone", "new"]
    assert _names(changes_before=DAY + day) == ["old"]


def test_markers_and_keys_that_are_none(database: None) -> None:
    _add(1, project_id="p1")
    _add(2, project_id="p2")
    for marker in (_uuid(9), "x"):
        with pytest.raises(exception.MarkerNotFound):
            _list(marker=marker)
    with pytest.raises(exception.MarkerNotFound):
        _list(project_id="p1", marker=_uuid(2))
    with pytest.raises(exception.InvalidSortKey):
        _list(sort=[("request_spec", "asc")])


def test_the_latest_fault_counts(database: None) -> None:
    for number, message in ((1, "first"), (1, "second"), (2, "other")):
        compute_api.ComputeAPI.add(
            "fault", instance_uuid=_uuid(number), message=message
        )
    uuids = [_uuid(1), _uuid(2), _uuid(3)]
    found = common.read(instance_query.faults, uuids)
    assert {k: v["message"] for k, v in found.items()} == {
        _uuid(1): "second",
        _uuid(2): "other",
    }


def test_update(database: None) -> None:
    _add(1)
    _add(2, deleted=2)
    row = common.write(instance_query.update, _uuid(1), {"hostname": "new"})
    assert row["hostname"] == "new"
    assert row["updated_at"] is not None
    with pytest.raises(exception.InstanceNotFound):
        common.write(instance_query.update, _uuid(2), {"hostname": "new"})


def test_actions_in_pages(database: None) -> None:
    for number in range(7):
        compute_api.ComputeAPI.add(
            "action",
            instance_uuid=_uuid(1),
            request_id=f"req-{number}",
            start_time=DAY + datetime.timedelta(seconds=number // 3),
        )
    whole = [r["id"] for r in common.read(action_query.list_, _uuid(1))]
    assert len(whole) == 7
    paged: list[int] = []
    marker = None
    while page := common.read(
        action_query.list_, _uuid(1), limit=2, marker=marker
    ):
        paged += [row["id"] for row in page]
        marker = page[-1]["request_id"]
    assert paged == whole


def test_the_small_tables(database: None) -> None:
    values = {
        "flavorid": "1",
        "name": "m",
        "memory_mb": 1,
        "vcpus": 1,
        "root_gb": 0,
        "is_public": False,
        "extra_specs": {},
    }
    common.write(flavor.create, values)
    common.write(flavor.add_project, "1", "p1")
    assert common.read(flavor.get, "1", "p1")["name"] == "m"
    with pytest.raises(exception.FlavorNotFound):
        common.read(flavor.get, "1", "p2")
    query = flavor.FlavorQuery(project_id="p2")
    assert common.read(flavor.list_, query) == []
    specs = common.write(flavor.change_extra_specs, "1", {"a": "b"})
    assert specs == {"a": "b"}
    common.write(flavor.delete, "1")
    with pytest.raises(exception.FlavorNotFound):
        common.write(flavor.delete, "1")
    key = {
        "user_id": "u",
        "name": "k",
        "fingerprint": "f",
        "public_key": "p",
    }
    common.write(keypair.create, key)
    with pytest.raises(exception.KeypairExists):
        common.write(keypair.create, key)
    with pytest.raises(exception.KeypairNotFound):
        common.read(keypair.get, "u", "K")
    compute_api.ComputeAPI.add(
        "node", host="h", hypervisor_hostname="node_1.example"
    )
    assert common.read(service_query.nodes, "de_1")
    assert not common.read(service_query.nodes, "de%1")


def test_one_server_with_what_stands_beside_it(database: None) -> None:
    _add(1, host="h1", user_data="large")
    _add(2, host="h2", project_id="p2")
    _add(3, host=None)
    _add(4, host="h1", deleted=4)
    add = compute_api.ComputeAPI.add
    add("tag", instance_uuid=_uuid(1), tag="front")
    add("service", host="h1", disabled=True, last_seen_at=DAY)
    add("service", host="h1", binary="nova-lite-netd")
    columns = ("uuid", "host")

    found = common.read(server_view.get, _uuid(1), columns, "p1")

    assert found is not None
    row, beside = found
    assert row == {"uuid": _uuid(1), "host": "h1"}
    assert beside.tagged
    assert beside.services == [
        {
            "host": "h1",
            "forced_down": False,
            "disabled": True,
            "last_seen_at": DAY,
        }
    ]
    for number in (2, 3):
        found = common.read(server_view.get, _uuid(number), columns)
        assert found is not None
        assert found[1] == server_view.Beside(tagged=False, services=[])
    assert common.read(server_view.get, _uuid(2), columns, "p1") is None
    assert common.read(server_view.get, _uuid(4), columns) is None


def _race(fn: Callable[[], Any]) -> list[str]:
    """Run ``fn`` in four threads at once; how each ended."""
    barrier = threading.Barrier(4)

    def run(_number: int) -> str:
        barrier.wait(60)
        try:
            fn()
        except Exception as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(4) as pool:
        return sorted(pool.map(run, range(4)))


def test_of_several_at_once_one_makes_it(database: None) -> None:
    size = {"memory_mb": 1, "vcpus": 1, "root_gb": 0, "extra_specs": {}}
    for number in range(5):
        name = f"n{number}"
        key = {
            "user_id": "u",
            "name": name,
            "fingerprint": "f",
            "public_key": "p",
        }
        made = {**size, "flavorid": name, "name": name}
        ended = _race(lambda key=key: common.write(keypair.create, key))
        assert ended == ["KeypairExists"] * 3 + ["done"]
        ended = _race(lambda made=made: common.write(flavor.create, made))
        assert ended.count("done") == 1
        assert set(ended) <= {"done", "FlavorExists", "FlavorIdExists"}
        ended = _race(
            lambda name=name: common.write(flavor.add_project, name, "p")
        )
        assert ended == ["FlavorAccessExists"] * 3 + ["done"]
