# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent: an answer below 500, and in Nova's form when it is a no.

Bodies and queries are drawn from the schemas of the operations, then
damaged; the database is real. Only 500 and worse are wrong here: what is
right for each input stands in tests/functional/api.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nova_lite.api.openstack.compute import routes, server_actions
from nova_lite.api.openstack.microversions import HISTORY, MAX, parse
from nova_lite.api.openstack.versioned import Schema
from nova_lite.api.openstack.wsgi import Operation, operation_of
from tests.fixtures import schemas
from tests.fixtures.compute_api import ComputeAPI

SERVER = "00000000-0000-4000-8000-000000000001"
VERSIONS = st.sampled_from([*HISTORY, "latest"])
# What stands for the path arguments: something there, something not.
ARGUMENTS = {
    "server_id": [SERVER, "nothing", "\u00e9\u20ac", "x" * 300],
    "flavor_id": ["1", "nothing", "x" * 300],
    "service_id": ["1", "enable", "force-down", SERVER, "9" * 30],
    "hypervisor_id": ["1", SERVER, "node", "%", "9" * 30],
    "request_id": ["req-1", "nothing"],
    "name": ["mine", "nothing", "x" * 300],
    "key": ["a", "nothing"],
    "alias": ["os-keypairs", "nothing"],
    "network_label": ["private", "\u20ac"],
    "tag": ["a", "a,b", "\u20ac", "x" * 61],
}
# What stands for any other part of a path.
IDS = [SERVER, "1", "nothing", "x" * 300]
QUICK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
ANYTHING: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


def _operations() -> Iterator[tuple[str, str, str, Operation]]:
    for path, verbs in routes.ROUTES.items():
        for verb, endpoints in verbs.items():
            for cls, name in endpoints:
                facts = operation_of(getattr(cls, name))
                yield f"{cls.__name__}.{name}", verb, path, facts
    for path, rows in server_actions.ACTIONS.items():
        for row in rows:
            cls, name = row.endpoint
            yield row.name, "POST", path, operation_of(getattr(cls, name))


# What answers one refusal whatever is sent, what is the same by another name
# and what never ends have tests of their own.
OPERATIONS = [
    row
    for row in _operations()
    if row[3].status.at(MAX) < 400
    and not row[2].startswith("/os-volumes_boot")
    and row[3].media_type == "application/json"
]
WITH_BODY = [row for row in OPERATIONS if row[3].body is not None]


@pytest.fixture
def filled_api(compute_api: ComputeAPI) -> ComputeAPI:
    # Not running: nobody is at the other end who could tell its figures.
    compute_api.add("server", uuid=SERVER, host="one", vm_state="stopped")
    compute_api.add("flavor", flavorid="1", name="tiny")
    compute_api.add("service", host="one")
    compute_api.add("node", host="one", hypervisor_hostname="node-one")
    compute_api.add("keypair", name="mine")
    compute_api.add("action", instance_uuid=SERVER, request_id="req-1")
    return compute_api


@functools.cache
def _bodies(body: Schema, version: str) -> Any:
    return schemas.values(
        body.at(MAX if version == "latest" else parse(version))
    )


def _damaged(data: Any, body: Any) -> Any:
    """The body with one value somewhere in it replaced."""
    body = copy.deepcopy(body)
    holder, key = {"": body}, ""
    while True:
        inside = holder[key]
        keys: list[Any] = []
        if isinstance(inside, dict):
            keys = list(inside)
        elif isinstance(inside, list):
            keys = list(range(len(inside)))
        if not keys or data.draw(st.integers(0, 4)) == 0:
            break
        holder, key = inside, data.draw(st.sampled_from(keys))
    holder[key] = data.draw(ANYTHING)
    return body if holder is not body or key != "" else holder[key]


def _path(data: Any, path: str) -> str:
    parts = []
    for part in path.split("/"):
        if part.startswith("{"):
            value = data.draw(st.sampled_from(ARGUMENTS.get(part[1:-1], IDS)))
            part = quote(value, safe="")
        parts.append(part)
    return "/".join(parts)


def _check(answer: Any, what: str) -> None:
    # 501: this cloud has no network service.
    well = answer.status < 500 or answer.status == 501
    assert well, f"{what}: {answer.text}"
    if answer.status >= 400:
        ((_kind, fault),) = answer.json.items()
        assert fault["code"] == answer.status, what
        assert fault["message"], what


@pytest.mark.parametrize(
    "row", WITH_BODY, ids=[f"{r[0]}-{i}" for i, r in enumerate(WITH_BODY)]
)
def test_bodies(
    row: tuple[str, str, str, Operation], filled_api: ComputeAPI
) -> None:
    _name, verb, path, facts = row
    schema = facts.body
    assert schema is not None

    @QUICK
    @given(st.data())
    def run(data: Any) -> None:
        version = data.draw(VERSIONS)
        body = data.draw(_bodies(schema, version))
        if data.draw(st.booleans()):
            body = _damaged(data, body)
        url = _path(data, path)
        # "=": the old API passes over what it does not know, unchecked.
        url = data.draw(st.sampled_from(["", "", "=/v2"])) + url
        as_ = data.draw(st.sampled_from(["admin", "member"]))
        answer = filled_api(verb, url, body, as_=as_, version=version)
        _check(answer, f"{verb} {url} {version} {body!r}")

    run()


@pytest.mark.parametrize(
    "row",
    [r for r in OPERATIONS if r[1] in ("GET", "DELETE")],
    ids=lambda r: r[0],
)
def test_queries(
    row: tuple[str, str, str, Operation], filled_api: ComputeAPI
) -> None:
    _name, verb, path, facts = row
    known: list[str] = []
    if facts.query is not None:
        known = sorted(facts.query.at(MAX).get("properties", {}))
    values = st.one_of(
        st.text(max_size=10),
        st.sampled_from(
            [
                "",
                "0",
                "1",
                "-1",
                "true",
                "none",
                SERVER,
                "9" * 30,
                "web",
                "ACTIVE",
                "asc",
                "desc",
                "uuid",
                "host",
                "created_at",
                "2026-01-01T00:00:00Z",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00",
                '{"a": "b"}',
                "[[:foo:]]",
                "(?P<a>b)(?P=a)",
                "%",
            ]
        ),
    )
    names = st.sampled_from([*known, "colour", "limit", "marker"])

    @QUICK
    @given(st.data())
    def run(data: Any) -> None:
        version = data.draw(VERSIONS)
        pairs = data.draw(st.lists(st.tuples(names, values), max_size=4))
        url = f"{_path(data, path)}?{urlencode(pairs, errors='replace')}"
        as_ = data.draw(st.sampled_from(["admin", "member", "nobody"]))
        answer = filled_api(verb, url, as_=as_, version=version)
        _check(answer, f"{verb} {url} {version}")

    run()


@QUICK
@given(raw=st.binary(max_size=200), verb=st.sampled_from(["POST", "PUT"]))
def test_bytes(raw: bytes, verb: str, filled_api: ComputeAPI) -> None:
    _check(filled_api(verb, "/servers", raw=raw), repr(raw))


@QUICK
@given(path=st.text(max_size=30))
def test_paths(path: str, filled_api: ComputeAPI) -> None:
    answer = filled_api("GET", "/" + quote(path.encode(errors="replace")))
    assert answer.status < 500, answer.text
