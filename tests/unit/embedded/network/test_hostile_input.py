# SPDX-License-Identifier: Apache-2.0
"""Whatever stands in a body or a query, the answer is a sentence, no 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nova_lite.embedded.network.app import COLLECTIONS
from nova_lite.embedded.network.collection import Collection
from tests.fixtures.network_service import NetworkService

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "x" * 300,
    "\u0661\u0662",
    "fe80::1%eth0",
    "198.51.100.0/24",
    "::ffff:198.51.100.1",
    [],
    [None],
    [[]],
    [{}],
    [{"ip_address": None}],
    [{"subnet_id": None, "ip_address": "fd00::1"}],
    [{"start": "198.51.100.9", "end": "fd00::9"}],
    [{"destination": "0.0.0.0/0", "nexthop": "fd00::1"}],
    {},
    {"a": {"b": ["c"]}},
    {"network_id": None},
    {"network_id": {}},
]
SCOPED = "fd00::%\nenable-tftp\n#/64"
# Whatever reaches the files and the rules of a host has no more in it than
# it shows.
LINES: list[tuple[str, dict[str, Any]]] = [
    ("network", {"dns_domain": "a\n"}),
    ("port", {"dns_name": "a\n.b"}),
    ("port", {"dns_name": "\u017fort"}),
    ("port", {"mac_address": "fa:16:3e:00:00:01\n"}),
    ("port", {"allowed_address_pairs": [{"ip_address": SCOPED}]}),
    ("port", {"allowed_address_pairs": [{"ip_address": "fe80::1%x"}]}),
    ("subnet", {"ip_version": 6, "cidr": SCOPED}),
    ("subnet", {"dns_nameservers": ["198.51.100.1\n"]}),
    (
        "subnet",
        {"host_routes": [{"destination": SCOPED, "nexthop": "fd00::1"}]},
    ),
    (
        "security_group_rule",
        {"ethertype": "IPv6", "remote_ip_prefix": "fe80::1%eth0"},
    ),
]
TEXTS = ["", "x", "-1", "%00", "%ED%A0%80", "9" * 40, "a'b\"c", "null"]


def base(cls: type[Collection], network: str) -> dict[str, Any]:
    """A body that is right but for what a test puts in."""
    needed: dict[str, dict[str, Any]] = {
        "subnet": {
            "network_id": network,
            "ip_version": 4,
            "cidr": "198.51.100.0/24",
        },
        "port": {"network_id": network},
        "floatingip": {"floating_network_id": network},
        "security_group_rule": {
            "security_group_id": network,
            "direction": "ingress",
        },
    }
    return needed.get(cls.resource.name, {})


def bodies(cls: type[Collection], network: str) -> Iterator[dict[str, Any]]:
    for one in cls.resource.attributes:
        for value in VALUES:
            yield {**base(cls, network), one.name: value}


def faults(answers: Iterator[tuple[Any, tuple[int, Any]]]) -> list[str]:
    """What was answered with 500, or with no sentence."""
    wrong = []
    for asked, (status, body) in answers:
        if status < 400:
            continue
        message = body["NeutronError"]["message"]
        if status >= 500 or not message or "%(" in message:
            wrong.append(f"{status} for {asked}: {message}")
    return wrong


@pytest.mark.parametrize("cls", COLLECTIONS, ids=lambda c: c.resource.name)
def test_bodies(service: NetworkService, cls: type[Collection]) -> None:
    admin = service.admin
    network = admin.make("network")["id"]
    path = cls.resource.path.removeprefix("/v2.0/")
    key = cls.resource.name

    def posted() -> Iterator[tuple[Any, tuple[int, Any]]]:
        for body in bodies(cls, network):
            yield body, admin("POST", path, {key: body})

    assert not faults(posted())
    made = admin.get(path)
    assert made or key in ("floatingip", "security_group_rule")
    one = f"{path}/{made[0]['id']}" if made else f"{path}/none"

    def put() -> Iterator[tuple[Any, tuple[int, Any]]]:
        for attribute in cls.resource.attributes:
            for value in VALUES:
                body = {key: {attribute.name: value}}
                yield body, admin("PUT", one, body)

    assert not faults(put())


@pytest.mark.parametrize("cls", COLLECTIONS, ids=lambda c: c.resource.name)
def test_queries(service: NetworkService, cls: type[Collection]) -> None:
    admin = service.admin
    path = cls.resource.path.removeprefix("/v2.0/")
    names = sorted(cls.table.filter_names())

    def asked() -> Iterator[tuple[Any, tuple[int, Any]]]:
        for name in (*names, "limit", "marker", "sort_key", "fields"):
            for text in TEXTS:
                query = f"{path}?{name}={text}"
                yield query, admin("GET", query)
        for name in cls.table.columns:
            query = f"{path}?sort_key={name}&sort_dir=desc&limit=1"
            status, body = admin("GET", query)
            yield query, (status, body)
            for one in body[cls.resource.plural]:
                after = f"{query}&marker={one['id']}"
                yield after, admin("GET", after)

    assert not faults(asked())


@pytest.mark.parametrize("cls", COLLECTIONS, ids=lambda c: c.resource.name)
@pytest.mark.parametrize(
    "ident", ["x", "%00", "%ED%A0%80", "a" * 300, "%C3%A9"]
)
def test_ids(
    service: NetworkService, cls: type[Collection], ident: str
) -> None:
    path = f"{cls.resource.path.removeprefix('/v2.0/')}/{ident}"
    for method in ("GET", "PUT", "DELETE"):
        body = {cls.resource.name: {}} if method == "PUT" else None
        status, _ = service.admin.refused(method, path, body)
        assert status in (400, 404)


@pytest.mark.parametrize(("kind", "values"), LINES)
def test_no_text_is_a_line_of_its_own(
    service: NetworkService, kind: str, values: dict[str, Any]
) -> None:
    admin = service.admin
    cls = next(one for one in COLLECTIONS if one.resource.name == kind)
    given = base(cls, admin.make("network")["id"]) | values
    path = cls.resource.path.removeprefix("/v2.0/")
    body = {kind: given}
    assert admin.refused("POST", path, body) == (400, "HTTPBadRequest")
