# SPDX-License-Identifier: Apache-2.0
"""What is made of the networks of a request for servers."""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite import exception
from nova_lite.compute import network_requests
from nova_lite.compute.network_requests import Wanted
from nova_lite.compute.request import CreateRequest
from nova_lite.context import RequestContext
from nova_lite.network.api import NetworkRequest

CONTEXT = RequestContext(user_id="u-1", project_id="p-1")
NET = "11111111-2222-3333-4444-555555555555"
GROUPS = [
    {"id": "g-1", "name": "web"},
    {"id": "g-2", "name": "twice"},
    {"id": "g-3", "name": "twice"},
    {"id": "g-0", "name": "default"},
]


class Service:
    """A network service that has some groups and room for ports."""

    def __init__(self, room: int = 10, is_there: bool = True) -> None:
        self._room = room
        self._is_there = is_there
        self.asked: list[Any] = []

    def exists(self, _context: RequestContext) -> bool:
        return self._is_there

    def validate(
        self, _context: RequestContext, _project: str, wanted: Any, count: int
    ) -> int:
        self.asked.append(wanted)
        return min(self._room, count)

    def security_groups(
        self, _context: RequestContext, filters: dict[str, Any]
    ) -> list[dict[str, Any]]:
        assert filters["project_id"] == "p-1"
        return [g for g in GROUPS if g["name"] == filters.get("name")]


def _request(networks: Any = None, **more: Any) -> CreateRequest:
    return CreateRequest("one", "1", "image", networks=networks, **more)


def _check(
    request: CreateRequest, service: Service | None = None
) -> tuple[Wanted, CreateRequest]:
    return network_requests.check(
        CONTEXT,
        service or Service(),  # type: ignore[arg-type]
        request,
    )


@pytest.mark.parametrize(
    ("networks", "wanted"),
    [
        ("auto", "auto"),
        (None, []),
        ([], []),
        ([{"uuid": NET}], [NetworkRequest(network_id=NET)]),
        (
            [{"uuid": NET, "fixed_ip": "198.51.100.9", "tag": "mgmt"}],
            [NetworkRequest(NET, address="198.51.100.9", tag="mgmt")],
        ),
        (
            [{"uuid": NET, "fixed_ip": "FD00:0::9"}],
            [NetworkRequest(NET, address="fd00::9")],
        ),
        (
            [{"port": "p", "uuid": "ignored"}, {"uuid": NET}],
            [NetworkRequest(port_id="p"), NetworkRequest(network_id=NET)],
        ),
    ],
)
def test_what_is_wanted(networks: Any, wanted: Any) -> None:
    service = Service()
    found, _ = _check(_request(networks), service)
    assert found.requested == wanted
    assert service.asked == [wanted]
    assert Wanted.from_arguments(found.to_arguments()) == found


def test_none_asks_for_nothing() -> None:
    service = Service()
    found, _ = _check(_request("none"), service)
    assert not found.any
    assert found.to_arguments() == {}
    assert not Wanted.from_arguments({}).any
    assert service.asked == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"port": "p", "fixed_ip": "198.51.100.9"}, "cannot be used with"),
        ({"uuid": "nonsense"}, "not in proper format"),
        ({"fixed_ip": "198.51.100.9"}, "needs a uuid or a port"),
    ],
)
def test_what_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(exception.InvalidInput, match=said):
        _check(_request([asked]))


@pytest.mark.parametrize(
    "asked", [{"port": "p"}, {"uuid": NET, "fixed_ip": "198.51.100.9"}]
)
def test_what_cannot_be_of_several(asked: dict[str, Any]) -> None:
    with pytest.raises(exception.Invalid):
        _check(_request([asked], max_count=2))
    _check(_request([asked], max_count=1))


def test_as_many_as_have_room() -> None:
    several = _request([{"uuid": NET}], min_count=2, max_count=5)
    _, fits = _check(several, Service(room=3))
    assert (fits.min_count, fits.max_count) == (2, 3)
    with pytest.raises(exception.PortLimitExceeded):
        _check(several, Service(room=1))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], []),
        (["default"], []),
        (["web", "web"], ["g-1"]),
        (["web", "default"], ["g-1", "g-0"]),
    ],
)
def test_groups_by_their_names(names: list[str], found: list[str]) -> None:
    wanted, _ = _check(_request([{"uuid": NET}], security_groups=names))
    assert wanted.security_groups == found


def test_groups_that_are_not_clear() -> None:
    with pytest.raises(exception.InvalidInput, match="web-2 not found"):
        _check(_request(None, security_groups=["web-2"]))
    with pytest.raises(exception.NoUniqueMatch):
        _check(_request(None, security_groups=["twice"]))


def test_a_cloud_without_a_service() -> None:
    nothing = Service(is_there=False)
    for networks in (None, "none", []):
        found, _ = _check(_request(networks), nothing)
        assert not found.any
    for networks in ("auto", [{"uuid": NET}]):
        with pytest.raises(exception.UnsupportedNetworks):
            _check(_request(networks), nothing)
    with pytest.raises(exception.InvalidInput, match="no network service"):
        _check(_request(None, security_groups=["web"]), nothing)


@pytest.mark.parametrize(
    ("info", "launched_on", "may"),
    [
        ([], "host", False),
        (None, None, False),
        (None, "host", True),
        ([{"id": "p"}], "host", True),
    ],
)
def test_who_may_have_ports(
    info: list[Any] | None, launched_on: str | None, may: bool
) -> None:
    row = {"network_info": info, "launched_on": launched_on}
    assert network_requests.may_have_ports(row) is may
