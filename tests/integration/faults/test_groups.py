# SPDX-License-Identifier: Apache-2.0
"""kill -9 while members of a server group are being placed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests

from tests.fixtures.cloud import Cloud
from tests.integration.faults.conftest import AT_REST_S, Later, break_after

_DAEMONS = ["conductor-1", "scheduler-1", "compute-2"]


def _ask(cloud: Cloud, policy: str, count: int) -> list[dict[str, Any]]:
    """Servers of a new group, whatever happens meanwhile; their rows."""
    name = f"g{uuid.uuid4().hex[:8]}"
    group = cloud.tenant.post(
        "/os-server-groups", {"server_group": {"name": name, "policy": policy}}
    )["server_group"]
    body = {
        **cloud.body(name, min_count=count, max_count=count),
        "os:scheduler_hints": {"group": group["id"]},
    }
    assert cloud.tenant.send("POST", "/servers", body).status_code == 202
    return [
        row
        for row in cloud.ledger.servers()
        if row["display_name"].startswith(name)
    ]


def _at_rest(cloud: Cloud, uuids: set[str]) -> list[dict[str, Any]]:
    cloud.wait_serving()
    cloud.wait_at_rest(AT_REST_S)
    return [row for row in cloud.ledger.servers() if row["uuid"] in uuids]


@pytest.fixture(autouse=True)
def _clean(breakable: Cloud) -> Any:
    yield
    for row in breakable.ledger.servers():
        try:
            breakable.admin.send("DELETE", f"/servers/{row['uuid']}")
        except requests.RequestException:
            continue
    breakable.wait_at_rest(AT_REST_S)


@pytest.mark.parametrize("name", _DAEMONS)
def test_a_host_for_each(breakable: Cloud, name: str) -> None:
    breaking = Later(lambda: break_after(breakable, name, 0.1, 0))
    asked = _ask(breakable, "anti-affinity", 3)
    breaking.join()
    rows = _at_rest(breakable, {row["uuid"] for row in asked})
    assert [row["vm_state"] for row in rows] == ["active"] * 3
    assert len({row["host"] for row in rows}) == 3, rows


@pytest.mark.parametrize("name", _DAEMONS)
def test_a_host_for_all(breakable: Cloud, name: str) -> None:
    breaking = Later(lambda: break_after(breakable, name, 0.1, 0))
    asked = _ask(breakable, "affinity", 4)
    breaking.join()
    rows = _at_rest(breakable, {row["uuid"] for row in asked})
    assert [row["vm_state"] for row in rows] == ["active"] * 4
    assert len({row["host"] for row in rows}) == 1, rows


def test_one_too_many_is_told_why(breakable: Cloud) -> None:
    """A fourth member has no host: ERROR with a fault, and no claim."""
    breaking = Later(lambda: break_after(breakable, "scheduler-1", 0.1, 0))
    asked = _ask(breakable, "anti-affinity", 4)
    breaking.join()
    rows = _at_rest(breakable, {row["uuid"] for row in asked})
    active = [row for row in rows if row["vm_state"] == "active"]
    assert len({row["host"] for row in active}) == len(active)
    failed = [row for row in rows if row["vm_state"] == "error"]
    assert len(active) + len(failed) == 4
    assert failed
    faults = breakable.ledger.faults()
    assert all(faults[row["uuid"]] for row in failed)
