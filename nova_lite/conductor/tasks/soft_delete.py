# SPDX-License-Identifier: Apache-2.0
"""Soft delete of a server whose host is down: in the database alone.

The host's compute stops the guest when it is back (its reclaim pass looks).
Runs in nova-lite-conductor.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from oslo_log import log as logging

from nova_lite.compute import transitions
from nova_lite.context import RequestContext
from nova_lite.db.repositories import journal

LOG = logging.getLogger(__name__)


class SoftDeleteInstance:
    """Ends one soft delete."""

    def __init__(self, worker: str, host: str) -> None:
        self._worker = worker
        self._host = host

    def execute(
        self, actions: Sequence[int]
    ) -> list[tuple[RequestContext, int]]:
        """Nothing is left to be run next."""
        row = transitions.SOFT_DELETE
        began = datetime.datetime.now(datetime.UTC)
        for action, instance in journal.claim(actions, self._worker):
            event = {
                "event": "conductor_soft_delete_instance",
                "start_time": began,
                "result": "Success",
                "host": self._host,
            }
            if not journal.finish(
                action["id"],
                self._worker,
                instance["uuid"],
                row.ended(row.done),
                event,
            ):
                event["result"] = "Preempted"
                journal.preempted(action["id"], self._worker, event)
            LOG.info("%s soft-deleted without its host", instance["uuid"])
        return []
