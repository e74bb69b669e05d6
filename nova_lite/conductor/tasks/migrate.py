# SPDX-License-Identifier: Apache-2.0
"""Resize and cold migration: may the server's host have it, is there room?

Runs in nova-lite-conductor, in a thread of its pool. A server is resized on
the host where it is: disks do not go from host to host yet. The scheduler's
filters are asked about that host; then one transaction claims for the new
flavor, writes the migration and queues the action for the host.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception, fault_points
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.compute import transitions
from nova_lite.context import RequestContext
from nova_lite.db.repositories import journal, resize
from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler.client import query

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

Row = dict[str, Any]

_OTHER_HOST = (
    "This release does not move disks between hosts: a server stays on the "
    "host where it is."
)
_NOT_HERE = (
    "[DEFAULT] allow_resize_to_same_host is false, and this release does not "
    "move disks between hosts."
)


class MigrateServer:
    """One queued resize or migration, checked and sent on."""

    def __init__(
        self,
        worker: str,
        host: str,
        scheduler: query.SchedulerQueryClient,
        compute: compute_rpcapi.ComputeAPI,
        silence_counts: Callable[[], bool],
    ) -> None:
        """``silence_counts``: whether a silent host is to be called dead."""
        self._worker = worker
        self._host = host
        self._scheduler = scheduler
        self._compute = compute
        self._silence_counts = silence_counts

    def execute(
        self, actions: Sequence[int]
    ) -> list[tuple[RequestContext, int]]:
        """Nothing is left to be run next."""
        for action, instance in journal.claim(actions, self._worker):
            self._migrate(action, instance)
        return []

    def _migrate(self, action: Row, instance: Row) -> None:
        context = RequestContext.from_wire(action["context"])
        context.update_store()
        began = datetime.datetime.now(datetime.UTC)
        fault_points.reach(f"{action['operation']}.seeking")
        try:
            spec = _request_spec(context, action, instance)
            needs = spec.needs()
            refusal = self._refusal(context, action, instance, spec)
        except exception.Invalid as error:
            refusal, needs = error.format_message(), {}
        except exception.MessagingUnavailable as error:
            LOG.warning("The scheduler did not answer: %s", error)
            journal.put_back(action["id"], self._worker)
            return
        if refusal is not None and self._may_be_up(refusal):
            journal.put_back(action["id"], self._worker)
            return
        event = {
            "event": "conductor_migrate_server",
            "start_time": began,
            "result": "Success",
            "host": self._host,
        }
        migration = self._migration(action, instance)
        try:
            if refusal is None:
                refusal = resize.begin(
                    action,
                    self._worker,
                    instance,
                    migration,
                    needs,
                    event,
                )
        except exception.InstanceInvalidState:
            self._give_way(action, event)
            return
        if refusal is not None:
            self._refuse(action, instance, migration, event, refusal)
            return
        fault_points.reach(f"{action['operation']}.sent")
        method = transitions.TABLE[action["operation"]].rpc_method
        getattr(self._compute, method)(
            context, instance["host"], action["id"], instance["uuid"]
        )

    def _refusal(
        self,
        context: RequestContext,
        action: Row,
        instance: Row,
        spec: RequestSpec,
    ) -> str | None:
        """Why the server's host may not have it, or None."""
        if action["arguments"].get("host") not in (None, instance["host"]):
            return _OTHER_HOST
        if not CONF.allow_resize_to_same_host:
            return _NOT_HERE
        return self._scheduler.check_host(context, spec, every=True)

    def _may_be_up(self, refusal: str) -> bool:
        """Whether the host is only turned away since it was silenced."""
        silent = refusal.startswith("ComputeFilter: down")
        return silent and not self._silence_counts()

    def _migration(self, action: Row, instance: Row) -> Row:
        """The migration as it begins."""
        arguments = action["arguments"]
        is_resize = action["operation"] == transitions.RESIZE.name
        return {
            "instance_uuid": instance["uuid"],
            "user_id": action["user_id"],
            "project_id": action["project_id"],
            "migration_type": "resize" if is_resize else "migration",
            "status": "pre-migrating",
            "source_compute": instance["host"],
            "source_node": instance["node"],
            "dest_compute": instance["host"],
            "dest_node": instance["node"],
            "old_flavor": arguments["old_flavor"],
            "new_flavor": arguments["new_flavor"],
        }

    def _give_way(self, action: Row, event: Row) -> None:
        journal.preempted(
            action["id"], self._worker, {**event, "result": "Preempted"}
        )

    def _refuse(
        self,
        action: Row,
        instance: Row,
        migration: Row,
        event: Row,
        refusal: str,
    ) -> None:
        """End it: the server is as it was."""
        error = exception.NoValidHost(
            reason=refusal, details=f"{instance['host']}: {refusal}"
        )
        fault = {
            "code": error.code,
            "message": error.format_message(),
            "details": error.details,
            "host": self._host,
        }
        failed = {
            **event,
            "result": "Error",
            "details": error.format_message(),
            "traceback": error.details or "",
        }
        nowhere = {**migration, "dest_compute": None, "dest_node": None}
        if not resize.refuse(
            action, self._worker, instance, nowhere, failed, fault
        ):
            self._give_way(action, event)


def _request_spec(
    context: RequestContext, action: Row, instance: Row
) -> RequestSpec:
    """The server where it is, with its new flavor.

    Its hints spoke of where it was to go; it goes nowhere.
    """
    wishes = instance["request_spec"]
    return RequestSpec(
        context,
        project_id=instance["project_id"],
        user_id=instance["user_id"],
        instance_uuids=[instance["uuid"]],
        flavor=action["arguments"]["new_flavor"],
        image=instance["image_meta"],
        availability_zone=wishes.get("availability_zone"),
        force_host=None,
        force_node=None,
        requested_host=instance["host"],
        requested_node=instance["node"],
        ignore_hosts=[],
        scheduler_hints={},
    )
