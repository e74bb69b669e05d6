# SPDX-License-Identifier: Apache-2.0
"""The same asked twice at once, and things removed while in use.

Requests meet in the threads of one API, on each database: one wins, the
others are told why not, and nobody gets a 5xx.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent import futures
from typing import Any

import pytest

from tests.fixtures import compute_api
from tests.fixtures.compute_api import IMAGE, ComputeAPI

pytestmark = pytest.mark.functional

THREADS = 6
ROUNDS = 8
SERVER = "00000000-0000-4000-8000-000000000001"
KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHeLC1lWiCYrXsf/85O/pkbUFZ6OGIt49PX"
    "3nw8iRoXE"
)
Ask = tuple[str, str, Any]


class Race:
    """Threads that each send one request, all at the same moment."""

    def __init__(self, api: ComputeAPI) -> None:
        self.api = api
        self._pool = futures.ThreadPoolExecutor(THREADS)
        self._start = threading.Barrier(THREADS)

    def run(self, asks: Sequence[Ask]) -> Counter[int]:
        """Send them, over and over in turn; the answers' statuses."""
        sent = [
            self._pool.submit(self._send, *asks[number % len(asks)])
            for number in range(THREADS)
        ]
        return Counter(one.result(60) for one in sent)

    def _send(self, verb: str, path: str, body: Any) -> int:
        self._start.wait(60)
        answer = self.api(verb, path, body, as_="admin", version="2.96")
        assert answer.status < 500, answer.text
        return answer.status

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@pytest.fixture
def race(database_url: str) -> Iterator[Race]:
    """Threads on a database of each kind, with a host and a flavor."""
    api = compute_api.start(database_url)
    api.add("flavor", flavorid="1", name="tiny")
    api.add("service", host="one", availability_zone="nova")
    made = Race(api)
    yield made
    made.close()
    compute_api.stop()


def _flavor(name: str, ident: str, public: bool = True) -> Any:
    return {
        "flavor": {
            "name": name,
            "id": ident,
            "ram": 1,
            "vcpus": 1,
            "disk": 1,
            "os-flavor-access:is_public": public,
        }
    }


def test_one_of_a_name(race: Race) -> None:
    for number in range(ROUNDS):
        name = f"n{number}"
        for path, body, made in (
            ("/os-aggregates", {"aggregate": {"name": name}}, 200),
            ("/flavors", _flavor(name, name), 200),
            (
                "/os-keypairs",
                {"keypair": {"name": name, "type": "ssh", "public_key": KEY}},
                201,
            ),
        ):
            found = race.run([("POST", path, body)])
            assert found == {made: 1, 409: THREADS - 1}, path


def test_one_host_of_an_aggregate(race: Race) -> None:
    for number in range(ROUNDS):
        body = {"aggregate": {"name": f"n{number}"}}
        race.run([("POST", "/os-aggregates", body)])
    aggregates = race.api("GET", "/os-aggregates", as_="admin").json
    for one in aggregates["aggregates"]:
        path = f"/os-aggregates/{one['id']}"
        host = {"host": "one"}
        found = race.run([("POST", f"{path}/action", {"add_host": host})])
        assert found == {200: 1, 409: THREADS - 1}
        found = race.run(
            [
                ("DELETE", path, None),
                ("POST", f"{path}/action", {"remove_host": host}),
            ]
        )
        assert set(found) <= {200, 400, 404}


def test_access_to_a_flavor_that_goes(race: Race) -> None:
    for number in range(ROUNDS):
        ident = f"f{number}"
        race.run([("POST", "/flavors", _flavor(ident, ident, False))])
        grant = {"addTenantAccess": {"tenant": "p1"}}
        found = race.run([("POST", f"/flavors/{ident}/action", grant)])
        assert found == {200: 1, 409: THREADS - 1}
        other = {"addTenantAccess": {"tenant": "p2"}}
        found = race.run(
            [
                ("POST", f"/flavors/{ident}/action", other),
                ("DELETE", f"/flavors/{ident}", None),
                (
                    "POST",
                    f"/flavors/{ident}/os-extra_specs",
                    {"extra_specs": {"a:b": "1"}},
                ),
            ]
        )
        assert set(found) <= {200, 202, 404, 409}
        # It is gone whatever came between; a second DELETE is told so.
        assert found[202] >= 1
        gone = race.api("GET", f"/flavors/{ident}", as_="admin")
        assert gone.status == 404


def test_members_of_a_group_that_goes(race: Race) -> None:
    for _ in range(ROUNDS):
        group = race.api(
            "POST",
            "/os-server-groups",
            {"server_group": {"name": "g", "policy": "affinity"}},
            as_="admin",
            version="2.96",
        ).json["server_group"]["id"]
        server = {
            "name": "new",
            "imageRef": IMAGE,
            "flavorRef": "1",
            "networks": "none",
        }
        body = {"server": server, "os:scheduler_hints": {"group": group}}
        found = race.run(
            [
                ("POST", "/servers", body),
                ("DELETE", f"/os-server-groups/{group}", None),
            ]
        )
        assert set(found) <= {202, 204, 400, 404}
        assert found[204] >= 1


def test_what_is_written_on_a_server_that_goes(race: Race) -> None:
    for number in range(ROUNDS):
        ident = f"{SERVER[:-2]}{number:02}"
        race.api.add("server", uuid=ident, project_id="ops")
        path = f"/servers/{ident}"
        found = race.run(
            [
                ("PUT", f"{path}/tags/a", None),
                ("DELETE", path, None),
                ("PUT", f"{path}/metadata", {"metadata": {"a": "b"}}),
                ("PUT", f"{path}/tags", {"tags": ["a", "b"]}),
                ("PUT", path, {"server": {"name": "new"}}),
                ("DELETE", f"{path}/tags", None),
            ]
        )
        assert set(found) <= {200, 201, 204, 404, 409}
