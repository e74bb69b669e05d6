# SPDX-License-Identifier: Apache-2.0
"""Delete without a host: the server never got one, or its host is down.

Only the database is touched. What a dead host still has is removed by that
host's own reconcile pass when it comes back. Runs in nova-lite-conductor.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from oslo_log import log as logging

from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import deletion, journal

LOG = logging.getLogger(__name__)


class DeleteInstance:
    """Ends one server in the database."""

    def __init__(self, worker: str, host: str) -> None:
        self._worker = worker
        self._host = host

    def execute(
        self, actions: Sequence[int]
    ) -> list[tuple[RequestContext, int]]:
        """Claim and delete, unless a build of the server is in hand here.

        A build in hand ends soon by itself: it finds the server deleting,
        gives way and has this action run then.
        """
        began = datetime.datetime.now(datetime.UTC)
        for action, instance in journal.claim(actions, self._worker):
            with db.reader() as session:
                busy = deletion.build_in_conductor(session, instance["uuid"])
            if busy:
                journal.put_back(action["id"], self._worker)
                continue
            deletion.deleted(
                action["id"],
                self._worker,
                instance["uuid"],
                {
                    "event": "conductor_delete_instance",
                    "start_time": began,
                    "result": "Success",
                    "host": self._host,
                },
            )
            LOG.info("%s deleted without a host", instance["uuid"])
        return []
