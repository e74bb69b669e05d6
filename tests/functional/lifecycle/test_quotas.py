# SPDX-License-Identifier: Apache-2.0
"""What counts against a quota in a server's life, and what gives it back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until

pytestmark = pytest.mark.functional


@pytest.fixture
def small(cloud: Cloud) -> Client:
    """A member of a project that may have two servers."""
    client = cloud.new_user("small", "small", "member")
    (project,) = cloud.admin.get("/identity/v3/projects?name=small")[
        "projects"
    ]
    cloud.admin.call(
        "PUT",
        f"/os-quota-sets/{project['id']}",
        {"quota_set": {"instances": 2, "cores": 4}},
    )
    return client


def test_of_no_project(cloud: Cloud) -> None:
    path = "/os-quota-sets/small"
    limits = {"quota_set": {"cores": 1}}
    for method, body in (("GET", None), ("PUT", limits)):
        message = cloud.admin.refusal(400, method, path, body)
        assert "no project with the id small" in message
    cloud.admin.delete(path)


def used(client: Client) -> int:
    """How many servers the limits show."""
    absolute: dict[str, Any] = client.get("/limits")["limits"]["absolute"]
    assert absolute["maxTotalInstances"] == 2
    count: int = absolute["totalInstancesUsed"]
    return count


def test_a_server_counts_until_it_is_gone(cloud: Cloud, small: Client) -> None:
    boots = cloud.boot("stays", small)
    fails = cloud.create("everywhere", small)
    wait_until(
        lambda: cloud.server(fails)["status"] == "ERROR", 30, "the failure"
    )
    assert used(small) == 2
    answer = small.send("POST", "/servers", cloud.body("third"))
    assert answer.status_code == 403
    assert answer.json()["forbidden"]["message"] == (
        "Quota exceeded for instances: Requested 1, but already used 2 of 2 "
        "instances"
    )

    # A server in ERROR and a running one alike give back what they had.
    for ident in (fails, boots):
        before = used(small)
        small.delete(f"/servers/{ident}")
        cloud.wait_gone(ident)
        assert used(small) == before - 1
    first = cloud.create("two", small, min_count=1, max_count=5)
    assert used(small) == 2
    names = [row["name"] for row in small.get("/servers")["servers"]]
    assert sorted(names) == ["two-1", "two-2"]
    cloud.wait_status(first, "ACTIVE")
