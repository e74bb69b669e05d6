# SPDX-License-Identifier: Apache-2.0
"""The periods of usage audits: an hour, a day, a month or a year.

``hour@15`` begins at a quarter past, ``day@6`` at six o'clock, ``month@10``
on the 10th, ``year@4`` with April; all in UTC. Used by the audit in
nova-lite-compute and by the API that shows its log.

Source: instance_usage_audit_period of upstream.
"""

from __future__ import annotations

import calendar
import datetime

PATTERN = (
    r"^(hour(@[0-5]?\d)?|day(@([01]?\d|2[0-3]))?"
    r"|month(@(0?[1-9]|[12]\d|3[01]))?|year(@(0?[1-9]|1[0-2]))?)$"
)

Moment = datetime.datetime


def last_completed(period: str, now: Moment) -> tuple[Moment, Moment]:
    """Beginning and end of the latest period that was over at ``now``."""
    unit, _, offset = period.partition("@")
    end = _begun(unit, int(offset or 0), now)
    if end >= now:
        end = _before(unit, int(offset or 0), end)
    return _before(unit, int(offset or 0), end), end


def _begun(unit: str, offset: int, now: Moment) -> Moment:
    """When the period would begin that has the hour, day ... of now."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if unit == "hour":
        return hour.replace(minute=offset)
    if unit == "day":
        return hour.replace(hour=offset)
    if unit == "month":
        return _on_day(hour.replace(hour=0), offset)
    return hour.replace(month=offset or 1, day=1, hour=0)


def _before(unit: str, offset: int, end: Moment) -> Moment:
    """The beginning of the period that ends at ``end``."""
    if unit == "hour":
        return end - datetime.timedelta(hours=1)
    if unit == "day":
        return end - datetime.timedelta(days=1)
    if unit == "month":
        return _on_day(end.replace(day=1) - datetime.timedelta(days=1), offset)
    return end.replace(year=end.year - 1)


def _on_day(month: Moment, day: int) -> Moment:
    """A day of a month; its last one when it has not as many."""
    last = calendar.monthrange(month.year, month.month)[1]
    return month.replace(day=min(day or 1, last))
