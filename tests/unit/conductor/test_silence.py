# SPDX-License-Identifier: Apache-2.0
"""After an outage, silence says nothing for a while."""

from __future__ import annotations

from nova_lite import exception
from nova_lite.conductor.sweep import Silence


def answers() -> None:
    return


def is_silent() -> None:
    raise exception.MessagingUnavailable(reason="no answer")


def test_silence_counts_over_a_bus_that_has_long_worked() -> None:
    silence = Silence(0, answers)
    assert silence.counts()


def test_silence_does_not_count_at_the_first_look() -> None:
    assert not Silence(60, answers).counts()


def test_silence_does_not_count_without_a_bus() -> None:
    assert not Silence(0, is_silent).counts()


def test_an_outage_begins_the_wait_anew() -> None:
    up = [True]

    def ping() -> None:
        if not up[0]:
            is_silent()

    silence = Silence(0, ping)
    assert silence.counts()
    up[0] = False
    assert not silence.counts()
    assert silence._since is None


def test_the_bus_is_asked_when_nobody_was_heard() -> None:
    asked = []
    silence = Silence(0, lambda: asked.append("ping"))
    silence.watch()
    silence.watch()
    assert len(asked) == 2
