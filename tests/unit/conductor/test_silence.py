# SPDX-License-Identifier: Apache-2.0
"""After an outage, silence says nothing for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from nova_lite import exception, rpc
from nova_lite.conductor.sweep import Silence

PATIENCE_S = 14
QUIET_S = 3.5


@pytest.fixture(autouse=True)
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has taken no message yet."""
    monkeypatch.setattr(rpc, "_heard_at", float("-inf"))


class Bus:
    """A bus with a clock beside it, both moved by the test."""

    def __init__(self) -> None:
        self.now = 100.0
        self.works = True
        self.asked = 0
        self.meanwhile: Callable[[], object] = lambda: None

    def ping(self) -> None:
        """Raises: MessagingUnavailable while it does not work."""
        self.asked += 1
        self.meanwhile()
        if not self.works:
            raise exception.MessagingUnavailable(reason="no answer")

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def silence(self) -> Silence:
        """What looks at it."""
        return Silence(PATIENCE_S, QUIET_S, self.ping, self.clock)

    def watched(self, silence: Silence, seconds: float) -> None:
        """Let time pass, with a look as often as the daemon's."""
        until = self.now + seconds
        while self.now < until:
            self.now += QUIET_S / 2
            silence.watch()


def test_silence_does_not_count_at_the_first_look() -> None:
    assert not Bus().silence().counts()


def test_silence_counts_over_a_bus_that_has_long_worked() -> None:
    bus = Bus()
    silence = bus.silence()
    silence.watch()
    bus.watched(silence, PATIENCE_S - QUIET_S)
    assert not silence.counts()
    bus.watched(silence, QUIET_S)
    assert silence.counts()


def test_an_outage_begins_the_wait_anew() -> None:
    bus = Bus()
    silence = bus.silence()
    silence.watch()
    bus.watched(silence, PATIENCE_S)
    assert silence.counts()
    bus.works = False
    assert not silence.counts()
    bus.works = True
    assert not silence.counts()
    bus.watched(silence, PATIENCE_S)
    assert silence.counts()


def test_an_outage_that_nobody_saw_begins_it_anew() -> None:
    """Whoever looks may have waited, in something else, for its end."""
    bus = Bus()
    silence = bus.silence()
    silence.watch()
    bus.watched(silence, PATIENCE_S)
    bus.now += PATIENCE_S
    assert not silence.counts()
    bus.watched(silence, PATIENCE_S)
    assert silence.counts()


def test_a_ping_that_was_held_up_by_an_outage_begins_it_anew() -> None:
    bus = Bus()
    silence = bus.silence()
    silence.watch()
    bus.watched(silence, PATIENCE_S)

    def outage() -> None:
        bus.now += PATIENCE_S

    bus.meanwhile = outage
    assert not silence.counts()


def test_the_bus_is_asked_when_nobody_was_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bus = Bus()
    silence = bus.silence()
    silence.watch()
    silence.watch()
    assert bus.asked == 2
    monkeypatch.setattr(rpc, "_heard_at", time.monotonic())
    silence.watch()
    assert bus.asked == 2
