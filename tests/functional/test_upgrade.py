# SPDX-License-Identifier: Apache-2.0
"""A database of the first release, with servers in it, serves this one."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.db import migrations, session
from tests.fixtures import compute_api, hosts
from tests.fixtures.compute_api import IMAGE, ComputeAPI

pytestmark = pytest.mark.functional

SERVER = "00000000-0000-4000-8000-000000000001"
GONE = "00000000-0000-4000-8000-000000000002"
MOMENT = datetime.datetime(2026, 1, 31, 12)
# What the first release wrote, as its columns hold it.
_SERVER = {
    "uuid": SERVER,
    "project_id": "p1",
    "user_id": "alice",
    "launch_index": 0,
    "display_name": "caf\u00e9",
    "hostname": "cafe",
    "vm_state": "active",
    "power_state": 1,
    "progress": 0,
    "host": "host-1",
    "node": "host-1",
    "flavor": '{"flavorid": "1", "name": "tiny", "swap_mb": 0, '
    '"extra_specs": {}}',
    "vcpus": 1,
    "memory_mb": 64,
    "root_gb": 1,
    "ephemeral_gb": 0,
    "image_ref": IMAGE,
    "image_meta": "{}",
    "instance_metadata": '{"kept": "yes"}',
    "system_metadata": "{}",
    "request_spec": "{}",
    "config_drive": False,
    "locked": False,
    "created_at": MOMENT,
    "launched_at": MOMENT,
    "deleted": 0,
}
_ROWS: dict[str, list[dict[str, Any]]] = {
    "instances": [
        _SERVER,
        {
            **_SERVER,
            "uuid": GONE,
            "vm_state": "deleted",
            "deleted": 2,
            "deleted_at": MOMENT,
        },
    ],
    "flavors": [
        {
            "flavorid": "1",
            "name": "tiny",
            "memory_mb": 64,
            "vcpus": 1,
            "root_gb": 1,
            "ephemeral_gb": 0,
            "swap_mb": 0,
            "rxtx_factor": 1.0,
            "disabled": False,
            "is_public": True,
            "extra_specs": "{}",
            "created_at": MOMENT,
        }
    ],
    "key_pairs": [
        {
            "user_id": "alice",
            "name": "mine",
            "type": "ssh",
            "fingerprint": "00:11",
            "public_key": "ssh-rsa AAAA",
            "created_at": MOMENT,
        }
    ],
}


@pytest.fixture
def upgraded(database_url: str) -> Iterator[ComputeAPI]:
    """The API on a database that was filled before it was upgraded."""
    hosts.use_database(database_url)
    migrations.sync("0001")
    with session.writer() as db:
        for name, values in _ROWS.items():
            table = sa.Table(
                name, sa.MetaData(), autoload_with=db.connection()
            )
            for row in values:
                db.execute(sa.insert(table).values(**row))
    migrations.sync()
    assert migrations.version() == migrations.head()
    yield compute_api.start(database_url)
    compute_api.stop()


def _call(api: ComputeAPI, verb: str, path: str, body: Any = None) -> Any:
    answer = api(verb, path, body, version="2.96")
    assert answer.status < 300, f"{verb} {path}: {answer.text}"
    return answer.json


def test_what_was_there_is_there(upgraded: ComputeAPI) -> None:
    server = _call(upgraded, "GET", f"/servers/{SERVER}")["server"]
    assert server["name"] == "caf\u00e9"
    assert server["metadata"] == {"kept": "yes"}
    assert server["tags"] == server["server_groups"] == []
    (listed,) = _call(upgraded, "GET", "/servers/detail?not-tags=a")["servers"]
    assert listed["id"] == SERVER
    assert upgraded("GET", f"/servers/{GONE}").status == 404
    (flavor,) = _call(upgraded, "GET", "/flavors")["flavors"]
    assert flavor["id"] == "1"
    (pair,) = _call(upgraded, "GET", "/os-keypairs")["keypairs"]
    assert pair["keypair"]["name"] == "mine"
    used = _call(upgraded, "GET", "/limits")["limits"]["absolute"]
    assert used["totalInstancesUsed"] == 1


def test_what_is_new_works_on_it(upgraded: ComputeAPI) -> None:
    path = f"/servers/{SERVER}"
    _call(upgraded, "PUT", f"{path}/tags/new")
    _call(upgraded, "PUT", f"{path}/metadata", {"metadata": {"new": "yes"}})
    assert _call(upgraded, "GET", path)["server"]["tags"] == ["new"]
    group = {"name": "g", "policy": "affinity"}
    _call(upgraded, "POST", "/os-server-groups", {"server_group": group})
    _call(upgraded, "DELETE", path)
    server = _call(upgraded, "GET", path)["server"]
    assert server["OS-EXT-STS:task_state"] == "deleting"
