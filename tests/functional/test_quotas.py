# SPDX-License-Identifier: Apache-2.0
"""Quotas on real databases, by several API processes at once."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest

from tests.fixtures import compute_api
from tests.fixtures.compute_api import ComputeAPI

pytestmark = pytest.mark.functional

PROCESSES = 2
THREADS = 4
# For each thread, so that the limit is met in the middle of the burst.
REQUESTS = 3
ALL = PROCESSES * THREADS * REQUESTS
KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHeLC1lWiCYrXsf/85O/pkbUFZ6OGIt49PX"
    "3nw8iRoXE"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that is sent many times; ``#`` in it becomes a number."""

    path: str
    body: dict[str, Any]
    tokens: tuple[str, ...] = ("member",)


_api: ComputeAPI
_start: Barrier


def _prepare(url: str, start: Barrier) -> None:
    """Begin one process of the API."""
    global _api, _start
    _start = start
    _api = compute_api.start(url)


def _named(body: Any, name: str) -> Any:
    if isinstance(body, dict):
        return {key: _named(value, name) for key, value in body.items()}
    return body.replace("#", name) if isinstance(body, str) else body


def _send(ask: Ask, process: int) -> list[int]:
    """In one process: send from all threads; the answers' statuses."""

    def send(thread: int) -> list[int]:
        token = ask.tokens[thread % len(ask.tokens)]
        bodies = [
            _named(ask.body, f"{process}-{thread}-{number}")
            for number in range(REQUESTS)
        ]
        return [
            _api("POST", ask.path, body, as_=token, version="2.37").status
            for body in bodies
        ]

    _start.wait(60)
    with futures.ThreadPoolExecutor(THREADS) as threads:
        return [
            status
            for found in threads.map(send, range(THREADS))
            for status in found
        ]


class Burst:
    """Processes of the API on one database, all sending at the same time."""

    def __init__(self, url: str) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pool = futures.ProcessPoolExecutor(
            PROCESSES,
            mp_context=spawn,
            initializer=_prepare,
            initargs=(url, spawn.Barrier(PROCESSES)),
        )

    def __call__(self, ask: Ask) -> Counter[int]:
        """Statuses of ALL requests."""
        # Each waits for the others, so each runs in a process of its own.
        asked = [
            self._pool.submit(_send, ask, number)
            for number in range(PROCESSES)
        ]
        return Counter(
            status for one in asked for status in one.result(timeout=120)
        )

    def close(self) -> None:
        self._pool.shutdown()


class Project:
    """Project p1 as its administrator sees it."""

    def __init__(self, api: ComputeAPI) -> None:
        self._api = api

    def limit(self, user_id: str | None = None, **limits: int) -> None:
        """Set limits of the project, or of one user."""
        query = f"?user_id={user_id}" if user_id else ""
        body = {"quota_set": {**limits, "force": True}}
        answer = self._api(
            "PUT", f"/os-quota-sets/p1{query}", body, as_="admin"
        )
        assert answer.status == 200, answer.text

    def limit_all(self, **limits: int) -> None:
        """Set limits of all projects without their own."""
        answer = self._api(
            "PUT",
            "/os-quota-class-sets/default",
            {"quota_class_set": limits},
            as_="admin",
        )
        assert answer.status == 200, answer.text

    def used(self) -> dict[str, int]:
        """What is in use, by resource."""
        shown = self._api("GET", "/os-quota-sets/p1/detail").json["quota_set"]
        return {
            name: value["in_use"]
            for name, value in shown.items()
            if name != "id"
        }

    def post(self, path: str, body: Any) -> Any:
        """Send one request; its body."""
        answer = self._api("POST", path, body)
        assert answer.status < 300, answer.text
        return answer.json

    def delete_servers(self, count: int) -> None:
        """Delete servers that nobody has begun to build."""
        for one in self._api("GET", "/servers").json["servers"][:count]:
            answer = self._api("DELETE", f"/servers/{one['id']}")
            assert answer.status == 204, answer.text


@pytest.fixture
def project(database_url: str) -> Iterator[Project]:
    """The API in this process, with a flavor of 2 VCPUs and 512 MiB."""
    api = compute_api.start(database_url)
    api.add("flavor", id=1, name="small", flavorid="small", vcpus=2)
    yield Project(api)
    compute_api.stop()


@pytest.fixture
def burst(database_url: str, project: Project) -> Iterator[Burst]:
    """Other processes of the API on the same database."""
    made = Burst(database_url)
    yield made
    made.close()


def servers(minimum: int = 1, maximum: int = 1, **hints: str) -> Ask:
    """A request for servers, as many as may be."""
    body: dict[str, Any] = {
        "server": {
            "name": "s",
            "flavorRef": "small",
            "imageRef": compute_api.IMAGE,
            "networks": "none",
            "min_count": minimum,
            "max_count": maximum,
        }
    }
    if hints:
        body["os:scheduler_hints"] = hints
    return Ask("/servers", body)


def test_no_burst_gets_round_a_quota(project: Project, burst: Burst) -> None:
    # Nobody has locked this project before: the guards' row is new as well.
    project.limit(instances=7)
    assert burst(servers()) == {202: 7, 403: ALL - 7}
    assert project.used()["instances"] == 7

    # What is deleted can be had again, and no more than that.
    project.delete_servers(3)
    assert project.used()["cores"] == 8
    assert burst(servers()) == {202: 3, 403: ALL - 3}

    # Another resource is the one that runs out; 2 to 3 servers a request.
    project.limit(instances=-1, cores=14 + 2 * 9)
    found = burst(servers(2, 3))
    assert found == {202: found[202], 403: ALL - found[202]}
    assert 3 <= found[202] <= 4
    assert 14 + 2 * 8 <= project.used()["cores"] <= 14 + 2 * 9

    # One user's limit, below the project's.
    begun = project.used()["ram"]
    project.limit(ram=-1, cores=-1)
    project.limit("alice", ram=begun + 4 * 512)
    assert burst(servers()) == {202: 4, 403: ALL - 4}
    assert project.used()["ram"] == begun + 4 * 512


def test_nor_those_of_other_things(project: Project, burst: Burst) -> None:
    # A user's key pairs, also when the requests come from two projects.
    project.limit_all(key_pairs=5)
    keys = Ask(
        "/os-keypairs",
        {"keypair": {"name": "k#", "public_key": KEY}},
        ("member", "alice:p2:member"),
    )
    assert burst(keys) == {201: 5, 403: ALL - 5}

    project.limit(server_groups=4)
    groups = Ask(
        "/os-server-groups",
        {"server_group": {"name": "g#", "policies": ["affinity"]}},
    )
    assert burst(groups) == {200: 4, 403: ALL - 4}

    # A group's members, when the servers themselves are unlimited.
    project.limit(server_groups=-1, server_group_members=6)
    made = project.post("/os-server-groups", groups.body)["server_group"]
    assert burst(servers(group=made["id"])) == {202: 6, 403: ALL - 6}
