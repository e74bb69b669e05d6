# SPDX-License-Identifier: Apache-2.0
"""Where the periods of usage audits begin and end."""

from __future__ import annotations

import datetime
import re

import pytest

from nova_lite.compute import audit_period


def _at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("period", "now", "begin", "end"),
    [
        ("hour", "2026-03-01 00:30", "2026-02-28 23:00", "2026-03-01 00:00"),
        (
            "hour@45",
            "2026-03-01 00:30",
            "2026-02-28 22:45",
            "2026-02-28 23:45",
        ),
        ("day", "2026-03-01 00:30", "2026-02-28", "2026-03-01"),
        ("day@6", "2026-03-01 05:59", "2026-02-27 06:00", "2026-02-28 06:00"),
        ("month", "2026-01-15", "2025-12-01", "2026-01-01"),
        ("month@10", "2026-03-09", "2026-01-10", "2026-02-10"),
        ("month@31", "2026-03-09", "2026-01-31", "2026-02-28"),
        ("month@31", "2024-03-31 01:00", "2024-02-29", "2024-03-31"),
        ("year", "2026-03-09", "2025-01-01", "2026-01-01"),
        ("year@4", "2026-03-09", "2024-04-01", "2025-04-01"),
        # What ends this very moment is not over.
        ("day", "2026-03-02 00:00", "2026-02-28", "2026-03-01"),
    ],
)
def test_last_completed(period: str, now: str, begin: str, end: str) -> None:
    found = audit_period.last_completed(period, _at(now))

    assert found == (_at(begin), _at(end))


@pytest.mark.parametrize(
    "period",
    ["hour", "hour@0", "hour@59", "day@23", "month@31", "year@12", "year"],
)
def test_a_period_that_is_one(period: str) -> None:
    assert re.search(audit_period.PATTERN, period)


@pytest.mark.parametrize(
    "period",
    [
        "",
        "week",
        "hour@60",
        "day@24",
        "month@0",
        "month@32",
        "year@13",
        "day@",
    ],
)
def test_a_period_that_is_none(period: str) -> None:
    assert not re.search(audit_period.PATTERN, period)
