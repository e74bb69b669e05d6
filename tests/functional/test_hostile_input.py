# SPDX-License-Identifier: Apache-2.0
"""What users may send, on each database: answered, and kept as it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.fixtures import compute_api
from tests.fixtures.compute_api import IMAGE, ComputeAPI

pytestmark = pytest.mark.functional

SERVER = "00000000-0000-4000-8000-000000000001"
KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHeLC1lWiCYrXsf/85O/pkbUFZ6OGIt49PX"
    "3nw8iRoXE"
)
# As long as a column, and as wide as a character can be.
WIDE = "\U0001f600" * 255
# Alike to a database that compares by a language's rules.
ALIKE = ("foo", "Foo", "FOO", "f\u00f3o", "fo\u0301o")
# Each runs for ever in some engine, or is wrong in one.
PATTERNS = (
    "(a+)+$",
    "(a|a)*c",
    "^(a|aa)+$",
    "(.*)*(.*)*(.*)*c",
    "((((((((a*)*)*)*)*)*)*)*)*c",
    "a{99999}",
    "(a{1,100}){1,100}c",
    "(" * 500 + ")" * 500,
    "(?=a)b",
    "(a)\\1",
    "[z-a]",
    "[[",
    "[[:alpha:]]",
    "\\",
    "*",
)
SLOW_S = 30.0


@pytest.fixture
def api(database_url: str) -> Iterator[ComputeAPI]:
    """The API on a database of each kind, with a server and a flavor."""
    made = compute_api.start(database_url)
    made.add("server", uuid=SERVER, vm_state="stopped")
    made.add("flavor", flavorid="1", name="tiny")
    yield made
    compute_api.stop()


def _send(
    api: ComputeAPI, status: int, verb: str, path: str, body: object = None
) -> object:
    answer = api(verb, path, body, as_="admin", version="2.96")
    assert answer.status == status, f"{verb} {path}: {answer.text}"
    return answer.json


def test_tags_differ_in_every_character(api: ComputeAPI) -> None:
    tags = [*ALIKE, "foo ", " foo", "\U0001f600" * 60]
    path = f"/servers/{SERVER}/tags"
    for tag in tags:
        _send(api, 201, "PUT", f"{path}/{quote(tag)}")
        _send(api, 204, "PUT", f"{path}/{quote(tag)}")
    assert _send(api, 200, "GET", path) == {"tags": sorted(tags)}
    _send(api, 204, "DELETE", f"{path}/foo")
    assert _send(api, 200, "PUT", path, {"tags": tags}) == {
        "tags": sorted(tags)
    }


def test_names_differ_in_every_letter(api: ComputeAPI) -> None:
    for name in (*ALIKE, WIDE):
        aggregate = {"aggregate": {"name": name}}
        _send(api, 200, "POST", "/os-aggregates", aggregate)
        _send(api, 409, "POST", "/os-aggregates", aggregate)
    for name in ALIKE[:3]:
        pair = {"keypair": {"name": name, "type": "ssh", "public_key": KEY}}
        _send(api, 201, "POST", "/os-keypairs", pair)
        _send(api, 409, "POST", "/os-keypairs", pair)
        flavor = {"name": name, "id": name, "ram": 1, "vcpus": 1, "disk": 1}
        _send(api, 200, "POST", "/flavors", {"flavor": flavor})
        _send(api, 409, "POST", "/flavors", {"flavor": flavor})


def test_the_widest_names(api: ComputeAPI) -> None:
    server = {
        "name": WIDE,
        "description": WIDE,
        "imageRef": IMAGE,
        "flavorRef": "1",
        "networks": "none",
        "metadata": {"wide": WIDE},
        "tags": ["\U0001f600" * 60],
    }
    _send(api, 202, "POST", "/servers", {"server": server})
    group = {"name": WIDE, "policy": "affinity"}
    _send(api, 200, "POST", "/os-server-groups", {"server_group": group})
    # Nobody may see of whom a limit is, but each is locked by a name.
    pair = {"name": "k", "type": "ssh", "public_key": KEY, "user_id": WIDE}
    _send(api, 201, "POST", "/os-keypairs", {"keypair": pair})
    flavor = {"name": "p", "id": "p", "ram": 1, "vcpus": 1, "disk": 1}
    flavor["os-flavor-access:is_public"] = False
    _send(api, 200, "POST", "/flavors", {"flavor": flavor})
    for tenant in ("x" * 255, "p1", "P1"):
        access = {"addTenantAccess": {"tenant": tenant}}
        _send(api, 200, "POST", "/flavors/p/action", access)
        _send(api, 409, "POST", "/flavors/p/action", access)
    quota_set = {"quota_set": {"cores": 1}}
    _send(api, 200, "PUT", f"/os-quota-sets/{quote(WIDE)}", quota_set)


def test_a_name_with_its_number_is_too_long(api: ComputeAPI) -> None:
    server = {
        "name": "x" * 254,
        "imageRef": IMAGE,
        "flavorRef": "1",
        "networks": "none",
        "min_count": 2,
    }
    _send(api, 400, "POST", "/servers", {"server": server})
    server["name"] = "x" * 253
    _send(api, 202, "POST", "/servers", {"server": server})


def test_the_old_api_passes_over_what_it_does_not_know(
    api: ComputeAPI,
) -> None:
    """Not checked, so not used either."""
    changes = {"name": "new", "description": {}, "hostname": [1.5, {}]}
    _send(api, 200, "PUT", f"=/v2/servers/{SERVER}", {"server": changes})
    answer = _send(api, 200, "GET", f"/servers/{SERVER}")
    assert isinstance(answer, dict)
    assert answer["server"]["name"] == "new"
    assert answer["server"]["description"] is None
    pair = {"name": "k", "public_key": KEY, "user_id": True, "type": 7}
    _send(api, 200, "POST", "=/v2/os-keypairs", {"keypair": pair})
    server = {
        "name": "new",
        "imageRef": IMAGE,
        "flavorRef": "1",
        "tags": {"a": 1},
        "description": 5,
        "host": [],
        "hypervisor_hostname": 0,
    }
    _send(api, 202, "POST", "=/v2/servers", {"server": server})


def test_no_pattern_takes_long(api: ComputeAPI) -> None:
    for _ in range(20):
        api.add("server", display_name="a" * 255, host="a" * 255)
    api.add("node", hypervisor_hostname="a" * 255, host="a" * 255)
    for text in (quote(pattern, safe="") for pattern in PATTERNS):
        for path in (
            f"/servers?all_tenants=1&name={text}",
            f"/servers?all_tenants=1&host={text}",
            f"/os-hypervisors?hypervisor_hostname_pattern={text}",
        ):
            began = time.monotonic()
            answer = api("GET", path, as_="admin", version="2.96")
            assert time.monotonic() - began < SLOW_S, path
            assert answer.status in (200, 400, 404), answer.text
