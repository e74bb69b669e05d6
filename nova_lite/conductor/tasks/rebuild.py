# SPDX-License-Identifier: Apache-2.0
"""Rebuild with another image: may the server's host have it?

Runs in nova-lite-conductor, in a thread of its pool. The scheduler's filters
of images are asked about the one host that the server is on; nothing is
claimed anew. Then the rebuild goes to that host. With the same image the API
sends it there itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, fault_points
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.compute import transitions
from nova_lite.context import RequestContext
from nova_lite.db.repositories import journal
from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.client import query

LOG = logging.getLogger(__name__)

Row = dict[str, Any]


class RebuildInstance:
    """One queued rebuild, checked and sent on."""

    def __init__(
        self,
        worker: str,
        host: str,
        scheduler: query.SchedulerQueryClient,
        compute: compute_rpcapi.ComputeAPI,
    ) -> None:
        self._worker = worker
        self._host = host
        self._scheduler = scheduler
        self._compute = compute

    def execute(
        self, actions: Sequence[int]
    ) -> list[tuple[RequestContext, int]]:
        """Nothing is left to be run next."""
        for action, instance in journal.claim(actions, self._worker):
            self._rebuild(action, instance)
        return []

    def _rebuild(self, action: Row, instance: Row) -> None:
        context = RequestContext.from_wire(action["context"])
        context.update_store()
        began = datetime.datetime.now(datetime.UTC)
        fault_points.reach("rebuild.seeking")
        try:
            refusal = self._scheduler.check_host(
                context, _request_spec(context, instance)
            )
        except exception.MessagingUnavailable as error:
            LOG.warning("The scheduler did not answer: %s", error)
            journal.put_back(action["id"], self._worker)
            return
        event = {
            "event": "rebuild_server",
            "start_time": began,
            "result": "Success",
            "host": self._host,
        }
        if refusal is not None:
            went = self._refuse(action, instance, event, refusal)
        else:
            went = self._send(context, action, instance, event)
        if not went:
            event["result"] = "Preempted"
            journal.preempted(action["id"], self._worker, event)

    def _send(
        self,
        context: RequestContext,
        action: Row,
        instance: Row,
        event: Row,
    ) -> bool:
        place = {
            "id": action["id"],
            "uuid": instance["uuid"],
            "host": instance["host"],
            "node": instance["node"],
            "availability_zone": instance["availability_zone"],
            "arguments": action["arguments"],
            "event": event,
        }
        if not journal.hand_over(self._worker, [place]):
            return False
        fault_points.reach("rebuild.sent")
        self._compute.rebuild_instance(
            context, instance["host"], action["id"], instance["uuid"]
        )
        return True

    def _refuse(
        self, action: Row, instance: Row, event: Row, refusal: str
    ) -> bool:
        """End it; the server has the image again that its disk is of."""
        error = exception.NoValidHost(
            reason="The server's host cannot run the image.",
            details=f"{instance['host']}: {refusal}",
        )
        event["result"] = "Error"
        event["details"] = error.format_message()
        event["traceback"] = error.details or ""
        fault = {
            "code": error.code,
            "message": error.format_message(),
            "details": error.details,
            "host": self._host,
        }
        updates = {
            **transitions.REBUILD.ended(transitions.REBUILD.on_error),
            **action["arguments"]["before"],
        }
        return journal.fail(
            action["id"], self._worker, instance["uuid"], updates, event, fault
        )


def _request_spec(context: RequestContext, instance: Row) -> RequestSpec:
    return RequestSpec(
        context,
        project_id=instance["project_id"],
        user_id=instance["user_id"],
        instance_uuids=[instance["uuid"]],
        flavor=instance["flavor"],
        image=instance["image_meta"],
        availability_zone=None,
        force_host=None,
        force_node=None,
        requested_host=instance["host"],
        requested_node=instance["node"],
        ignore_hosts=[],
        scheduler_hints={},
    )
