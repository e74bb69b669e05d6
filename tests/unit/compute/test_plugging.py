# SPDX-License-Identifier: Apache-2.0
"""Who waits for interfaces to be wired, and what ends the wait."""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite import exception
from nova_lite.compute import info_cache, plugging
from nova_lite.compute.instance_events import VIF_PLUGGED, InstanceEvents
from nova_lite.compute.plugging import Plugging
from nova_lite.network import model
from nova_lite.network.model import VIF
from nova_lite.objects.external_event import InstanceExternalEvent

UUID = "00000000-0000-4000-8000-000000000001"
NET = model.Network("net", "blue")


def _vif(ident: str, **fields: Any) -> VIF:
    return VIF(ident, "fa:16:3e:00:00:01", NET, **{"type": "tap", **fields})


class Service:
    """Its ports are ACTIVE from the second look on."""

    def __init__(self) -> None:
        self.looks = 0

    def ports(self, _context: Any, filters: dict[str, Any]) -> list[Any]:
        assert filters == {"device_id": UUID}
        self.looks += 1
        if self.looks == 1:
            raise exception.ServiceUnavailable()
        return [
            {"id": "one", "status": "ACTIVE"},
            {"id": "two", "status": "DOWN"},
        ]


@pytest.fixture
def events() -> InstanceEvents:
    return InstanceEvents()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugging, "_TICK_S", 0.01)
    monkeypatch.setattr(plugging, "_LOOK_S", 0.02)


def _plugging(
    events: InstanceEvents, timeout_s: int = 1, fatal: bool = True
) -> Plugging:
    service: Any = Service()
    return Plugging(events, service, timeout_s, fatal)


def _tell(
    events: InstanceEvents, port: str, status: str = "completed"
) -> None:
    events.pop(
        InstanceExternalEvent(
            instance_uuid=UUID, name=VIF_PLUGGED, tag=port, status=status
        )
    )


def _go_on() -> None:
    """Nobody goes before the operation."""


def test_told_before_it_was_known(events: InstanceEvents) -> None:
    waits = _plugging(events)
    with waits.expect(UUID, _go_on, wires=True) as plugs:
        _tell(events, "two")
        plugs.of([_vif("two")])
        waits.wait(UUID)
        assert [vif.active for vif in plugs.now] == [True]


def test_an_event_that_was_lost(events: InstanceEvents) -> None:
    waits = _plugging(events, timeout_s=60)
    with waits.expect(UUID, _go_on, wires=True) as plugs:
        plugs.of([_vif("one")])
        waits.wait(UUID)
        assert plugs.now[0].active


def test_never_wired(events: InstanceEvents) -> None:
    waits = _plugging(events)
    with waits.expect(UUID, _go_on, wires=True) as plugs:
        plugs.of([_vif("one"), _vif("two")])
        with pytest.raises(
            exception.VirtualInterfaceCreateException, match="two"
        ):
            waits.wait(UUID)
        assert [vif.active for vif in plugs.now] == [True, False]


def test_never_wired_and_started_all_the_same(events: InstanceEvents) -> None:
    waits = _plugging(events, fatal=False)
    with waits.expect(UUID, _go_on, wires=True) as plugs:
        plugs.of([_vif("two")])
        waits.wait(UUID)
        assert not plugs.now[0].active


def test_failed(events: InstanceEvents) -> None:
    waits = _plugging(events, timeout_s=60)
    with waits.expect(UUID, _go_on, wires=True) as plugs:
        plugs.of([_vif("two")])
        _tell(events, "two", "failed")
        with pytest.raises(exception.VirtualInterfaceCreateException):
            waits.wait(UUID)


class Stopped(Exception):
    """What a checkpoint raises."""


def _stop() -> None:
    raise Stopped


def test_a_delete_ends_the_wait(events: InstanceEvents) -> None:
    waits = _plugging(events, timeout_s=60)
    with waits.expect(UUID, _stop, wires=True) as plugs:
        plugs.of([_vif("two")])
        with pytest.raises(Stopped):
            waits.wait(UUID)


@pytest.mark.parametrize(
    ("vif", "wires", "timeout_s"),
    [
        (_vif("two", active=True), True, 60),
        (_vif("two", type="unbound"), True, 60),
        (_vif("two"), False, 60),
        (_vif("two"), True, 0),
    ],
    ids=["wired", "unbound", "no real interfaces", "no patience"],
)
def test_nothing_to_wait_for(
    events: InstanceEvents, vif: VIF, wires: bool, timeout_s: int
) -> None:
    waits = _plugging(events, timeout_s)
    waits.wait(UUID)
    with waits.expect(UUID, _stop, wires) as plugs:
        plugs.of([vif])
        waits.wait(UUID)
    waits.wait(UUID)


def test_news_keep_the_order_and_the_tags() -> None:
    known = [_vif("b", tag="mgmt"), _vif("a"), _vif("gone")]
    now = [_vif("new"), _vif("a", active=True), _vif("b")]
    found = info_cache.merged(known, now)
    assert [(vif.id, vif.tag, vif.active) for vif in found] == [
        ("b", "mgmt", False),
        ("a", None, True),
        ("new", None, False),
    ]
