# SPDX-License-Identifier: Apache-2.0
"""The usage audit: at the end of each period, what ran on this host.

Called by the compute manager's periodic task, in its thread.
"""

from __future__ import annotations

import datetime
import time

from oslo_log import log as logging

from nova_lite.compute import audit_period
from nova_lite.context import RequestContext
from nova_lite.notifications import servers as notices
from nova_lite.objects.task_log import TaskLog

LOG = logging.getLogger(__name__)

TASK = "instance_usage_audit"


class UsageAudit:
    """Audits each period once; the log's row tells the others that ran."""

    def __init__(self, host: str, period: str) -> None:
        self._host = host
        self._period = period
        self._seen: datetime.datetime | None = None

    def look(self, context: RequestContext, now: datetime.datetime) -> None:
        """Audit the latest period that is over, unless that was done."""
        begin, end = audit_period.last_completed(self._period, now)
        if end == self._seen:
            return
        started = time.monotonic()
        log = TaskLog.begin(context, TASK, self._host, begin, end)
        self._seen = end
        if log is None:
            return
        count = log.task_items
        notices.exists(context, self._host, begin, end)
        log.end(
            f"Instance usage audit ran for host {self._host}, {count} "
            f"instances in {time.monotonic() - started:.2f} seconds.",
            0,
        )
        LOG.info("%d servers ran here from %s to %s", count, begin, end)
