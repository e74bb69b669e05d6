# SPDX-License-Identifier: Apache-2.0
"""The embedded network service on each kind of database.

Asked by many at once, and for lists in any order.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from nova_lite.embedded.network.app import COLLECTIONS
from nova_lite.embedded.network.collection import Collection
from tests.fixtures import network_service
from tests.fixtures.database import KINDS, fresh_database
from tests.fixtures.network_service import (
    Client,
    NetworkService,
    together,
)

pytestmark = pytest.mark.functional

THREADS = 8


@pytest.fixture(scope="module", params=KINDS)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NetworkService]:
    """One database of each kind for all: each test has its own project."""
    directory = tmp_path_factory.mktemp(request.param)
    url = fresh_database(request.param, directory)
    with network_service.running(url, str(directory)) as running:
        yield running


@pytest.fixture
def alice(service: NetworkService) -> Client:
    return service.project()


def times(count: int, call: Callable[[], Any]) -> list[Any]:
    """What a call returns each of several times, as a list."""
    return [call() for _ in range(count)]


def counted(answers: list[Any]) -> Counter[tuple[int, str]]:
    """How often each status and type of refusal came."""
    return Counter(
        (status, body["NeutronError"]["type"] if status >= 400 else "")
        for status, body in answers
    )


def addresses(ports: list[dict[str, Any]]) -> list[str]:
    return [one["ip_address"] for port in ports for one in port["fixed_ips"]]


def test_no_address_is_given_twice(
    service: NetworkService, alice: Client
) -> None:
    """More ask than there are addresses: all are given, each once."""
    network, _ = service.network(alice, cidr="198.51.100.0/27")
    body = {"port": {"network_id": network}}
    ask = partial(times, 5, lambda: alice("POST", "ports", body))
    answers = [one for part in together(*[ask] * THREADS) for one in part]
    assert counted(answers) == {
        (201, ""): 29,
        (409, "IpAddressGenerationFailure"): THREADS * 5 - 29,
    }
    found = addresses(alice.get("ports"))
    assert sorted(found) == sorted(f"198.51.100.{n}" for n in range(2, 31))


def test_one_gets_the_address_that_all_ask_for(
    service: NetworkService, alice: Client
) -> None:
    network, subnet = service.network(alice)
    wanted = [{"subnet_id": subnet, "ip_address": "198.51.100.50"}]
    body = {"port": {"network_id": network, "fixed_ips": wanted}}
    ask = partial(alice, "POST", "ports", body)
    assert counted(together(*[ask] * THREADS)) == {
        (201, ""): 1,
        (409, "IpAddressAlreadyAllocated"): THREADS - 1,
    }


def test_ports_come_and_go(service: NetworkService, alice: Client) -> None:
    """Nobody meets a deadlock; what is left fits what was answered."""
    network, _ = service.network(alice, cidr="198.51.100.0/28")

    def come_and_go() -> list[int]:
        found = []
        for _ in range(4):
            body = {"ports": [{"network_id": network}] * 2}
            status, made = alice("POST", "ports", body)
            found.append(status)
            for port in made.get("ports", []):
                found.append(alice("DELETE", f"ports/{port['id']}")[0])
        return found

    seen = {one for part in together(*[come_and_go] * 6) for one in part}
    assert seen <= {201, 204, 409}
    assert alice.get("ports") == []
    bulk = {"ports": [{"network_id": network}] * 13}
    assert alice("POST", "ports", bulk)[0] == 201


def test_a_quota_holds(service: NetworkService, alice: Client) -> None:
    network, _ = service.network(alice)
    path = f"quotas/{alice.project_id}"
    service.admin.put(path, quota={"port": 7})
    ask = partial(
        times,
        3,
        lambda: alice("POST", "ports", {"port": {"network_id": network}}),
    )
    answers = [one for part in together(*[ask] * THREADS) for one in part]
    assert counted(answers) == {
        (201, ""): 7,
        (409, "OverQuota"): THREADS * 3 - 7,
    }


def test_subnets_do_not_overlap(
    service: NetworkService, alice: Client
) -> None:
    network = alice.make("network")["id"]
    asks = [
        partial(
            alice,
            "POST",
            "subnets",
            {
                "subnet": {
                    "network_id": network,
                    "ip_version": 4,
                    "cidr": f"198.51.100.0/{24 + n % 3}",
                }
            },
        )
        for n in range(6)
    ]
    assert counted(together(*asks)) == {(201, ""): 1, (400, "InvalidInput"): 5}


def test_a_network_goes_or_gets_its_port(
    service: NetworkService, alice: Client
) -> None:
    """Whoever is first: no port is left without its network."""
    for _ in range(5):
        network, _ = service.network(alice)
        make, delete = together(
            partial(alice, "POST", "ports", {"port": {"network_id": network}}),
            partial(alice, "DELETE", f"networks/{network}"),
        )
        if make[0] == 201:
            assert delete[0] == 409
            assert alice.get(f"ports/{make[1]['port']['id']}")
        else:
            assert counted([make, delete]) == {
                (404, "NetworkNotFound"): 1,
                (204, ""): 1,
            }
    left = {one["network_id"] for one in alice.get("ports")}
    assert left == {one["id"] for one in alice.get("networks")}


def test_a_subnet_goes_or_gives_its_address(
    service: NetworkService, alice: Client
) -> None:
    for _ in range(5):
        network, subnet = service.network(alice)
        make, delete = together(
            partial(
                alice,
                "POST",
                "ports",
                {
                    "port": {
                        "network_id": network,
                        "fixed_ips": [{"subnet_id": subnet}],
                    }
                },
            ),
            partial(alice, "DELETE", f"subnets/{subnet}"),
        )
        if make[0] == 201:
            assert delete[0] == 409
        else:
            assert make[0] == 400
            assert delete[0] == 204


@pytest.mark.usefixtures("service")
def test_each_network_has_its_segment() -> None:
    """Random ids meet; the last are found though most are taken."""
    few = with_vnis("70010:70021")
    answers = together(
        *[
            partial(times, 2, partial(few, "POST", "networks", NEW))
            for _ in range(7)
        ]
    )
    flat = [one for part in answers for one in part]
    assert counted(flat) == {
        (201, ""): 12,
        (503, "NoNetworkAvailable"): 2,
    }
    query = "&".join(
        f"provider:segmentation_id={n}" for n in range(70000, 70100)
    )
    found = [
        one["provider:segmentation_id"] for one in few.get(f"networks?{query}")
    ]
    assert sorted(found) == list(range(70010, 70022))


# --- lists -------------------------------------------------------------------


@pytest.mark.parametrize("cls", COLLECTIONS, ids=lambda c: c.resource.name)
def test_lists(service: NetworkService, cls: type[Collection]) -> None:
    """Every order, page by page, and every filter."""
    alice = service.project()
    network, subnet = service.network(alice)
    alice("POST", "ports", {"ports": [{"network_id": network}] * 2})
    for _ in range(2):
        alice.make("router", external_gateway_info=None)
        alice.make("security_group")
    path = cls.resource.path.removeprefix("/v2.0/")
    whole = {one["id"] for one in alice.get(path)}
    for name, direction in zip(
        cls.table.columns, itertools.cycle(["asc", "desc"]), strict=False
    ):
        query = f"{path}?sort_key={name}&sort_dir={direction}&limit=3"
        found: list[str] = []
        page = alice.get(query)
        while page:
            found += [one["id"] for one in page]
            page = len(page) == 3 and alice.get(f"{query}&marker={found[-1]}")
        assert set(found) == whole, query
        assert len(found) == len(whole), query
    special = {
        "fixed_ips": f"subnet_id%3D{subnet}",
        "changed_since": "2026-01-01T00:00:00Z",
    }
    for name in cls.table.filter_names():
        value = special.get(name, "1")
        status, body = alice("GET", f"{path}?{name}={value}")
        assert status == 200, (name, body)


NEW: dict[str, Any] = {"network": {}}


def with_vnis(vnis: str) -> Client:
    """An administrator of a service with few vxlan ids."""
    from oslo_config import cfg

    from nova_lite.embedded.network import app

    cfg.CONF.set_override("vni_ranges", [vnis], group="network")
    try:
        few = app.create_app(lambda *_hint: None)
    finally:
        cfg.CONF.clear_override("vni_ranges", group="network")
    return Client(few, "ops:admin,member")
