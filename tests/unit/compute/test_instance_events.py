# SPDX-License-Identifier: Apache-2.0
"""Events of other services reach who waits for them, and nobody else."""

from __future__ import annotations

import threading
import time

import pytest

from nova_lite.compute.instance_events import InstanceEvents, Key
from nova_lite.objects.external_event import InstanceExternalEvent

UUID = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
PLUGGED: Key = ("network-vif-plugged", "port-1")
CHANGED: Key = ("network-changed", None)


def _event(
    key: Key, uuid: str = UUID, status: str = "completed"
) -> InstanceExternalEvent:
    return InstanceExternalEvent(
        instance_uuid=uuid, name=key[0], tag=key[1], status=status
    )


@pytest.fixture
def events() -> InstanceEvents:
    return InstanceEvents()


def test_waits_until_all_have_come(events: InstanceEvents) -> None:
    with events.prepare(UUID, [PLUGGED, CHANGED]) as expected:
        sender = threading.Thread(
            target=lambda: [events.pop(_event(k)) for k in (PLUGGED, CHANGED)]
        )
        sender.start()
        assert expected.wait(10)
        sender.join()


def test_an_event_before_the_wait_counts(events: InstanceEvents) -> None:
    with events.prepare(UUID, [PLUGGED]) as expected:
        assert events.pop(_event(PLUGGED))
        assert expected.wait(0)


def test_nothing_to_wait_for(events: InstanceEvents) -> None:
    assert events.prepare(UUID, []).wait(0)


@pytest.mark.parametrize(
    "event",
    [
        _event(PLUGGED, uuid=OTHER),
        _event(("network-vif-plugged", "port-2")),
        _event(("network-vif-plugged", None)),
        _event(CHANGED),
    ],
    ids=["another server", "another port", "no port", "another name"],
)
def test_what_nobody_waits_for(
    events: InstanceEvents, event: InstanceExternalEvent
) -> None:
    with events.prepare(UUID, [PLUGGED]) as expected:
        assert not events.pop(event)
        assert not expected.wait(0)
        assert expected.missing == {PLUGGED}


def test_the_time_is_over(events: InstanceEvents) -> None:
    with events.prepare(UUID, [PLUGGED, CHANGED]) as expected:
        events.pop(_event(CHANGED))
        assert not expected.wait(0.01)
        assert expected.missing == {PLUGGED}
    assert not events.pop(_event(PLUGGED)), "it waits no more"


def test_a_failure_ends_the_wait_at_once(events: InstanceEvents) -> None:
    with events.prepare(UUID, [PLUGGED, CHANGED]) as expected:
        events.pop(_event(PLUGGED, status="failed"))
        began = time.monotonic()
        assert not expected.wait(60)
        assert time.monotonic() - began < 30
        assert expected.failed == {PLUGGED}


def test_a_delete_wakes_who_waits(events: InstanceEvents) -> None:
    with (
        events.prepare(UUID, [PLUGGED]) as expected,
        events.prepare(OTHER, [PLUGGED]) as other,
    ):
        waiter = threading.Thread(target=events.clear, args=(UUID,))
        waiter.start()
        began = time.monotonic()
        assert not expected.wait(60)
        assert time.monotonic() - began < 30
        waiter.join()
        assert not events.pop(_event(PLUGGED))
        assert events.pop(_event(PLUGGED, uuid=OTHER))
        assert other.wait(0)


def test_two_who_wait_for_the_same(events: InstanceEvents) -> None:
    with (
        events.prepare(UUID, [PLUGGED]) as one,
        events.prepare(UUID, [PLUGGED]) as two,
    ):
        assert events.pop(_event(PLUGGED))
        assert one.wait(0)
        assert two.wait(0)


def test_what_is_dropped_is_said(
    events: InstanceEvents, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        events.deliver(_event(PLUGGED))
        events.deliver(_event(("power-update", "POWER_ON")))
    said = caplog.text
    assert f"Nobody waits for network-vif-plugged port-1 of {UUID}" in said
    assert f"power-update of {UUID} is dropped" in said


def test_what_is_added_may_have_come_before(events: InstanceEvents) -> None:
    with events.prepare(UUID, [], [PLUGGED[0]]) as expected:
        events.pop(_event(PLUGGED))
        expected.add([PLUGGED])
        assert expected.wait(0)
        expected.add([("network-vif-plugged", "port-2")])
        assert not expected.wait(0)
        expected.has_come(("network-vif-plugged", "port-2"))
        assert expected.wait(0)


def test_a_failure_that_came_before_counts(events: InstanceEvents) -> None:
    with events.prepare(UUID, [], [PLUGGED[0]]) as expected:
        events.pop(_event(PLUGGED, status="failed"))
        expected.add([PLUGGED])
        assert not expected.wait(60)
        assert expected.failed == {PLUGGED}


def test_events_of_other_ports_end_no_wait(events: InstanceEvents) -> None:
    with events.prepare(UUID, [], [PLUGGED[0]]) as expected:
        expected.add([PLUGGED])
        events.pop(_event(("network-vif-plugged", "port-2")))
        assert not expected.wait(0)
