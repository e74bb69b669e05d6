# SPDX-License-Identifier: Apache-2.0
"""Delete without a host: the server never got one, or its host is down.

Only the database is touched, and the image of a shelved server. What a dead
host still has is removed by that host's own reconcile pass when it comes back.
Runs in nova-lite-conductor.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from oslo_log import log as logging

from nova_lite.compute import network_requests, ports, shelved
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import deletion, journal
from nova_lite.image.api import ImageAPI
from nova_lite.network.api import NetworkAPI
from nova_lite.notifications import servers as notices

LOG = logging.getLogger(__name__)


class DeleteInstance:
    """Ends one server in the database."""

    def __init__(
        self, worker: str, host: str, images: ImageAPI, network: NetworkAPI
    ) -> None:
        self._worker = worker
        self._host = host
        self._images = images
        self._network = network

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
                busy = deletion.in_conductor(session, instance["uuid"])
            if busy:
                journal.put_back(action["id"], self._worker)
                continue
            _tell(action, instance, notices.START, self._host)
            image_id = shelved.image_id(instance["system_metadata"])
            if image_id is not None:
                shelved.remove_image(self._images, image_id)
            if network_requests.may_have_ports(instance):
                ports.release(self._network, instance["uuid"])
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
            _tell(action, instance, notices.END, self._host)
            LOG.info("%s deleted without a host", instance["uuid"])
        return []


def _tell(
    action: dict[str, Any], instance: dict[str, Any], phase: str, host: str
) -> None:
    notices.operation(
        RequestContext.from_wire(action["context"]),
        action["operation"],
        instance["uuid"],
        phase,
        host,
    )
