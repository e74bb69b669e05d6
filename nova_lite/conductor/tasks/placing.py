# SPDX-License-Identifier: Apache-2.0
"""Placing: find hosts for servers and send each action to its host.

What every task of conductor does whose servers need a host: build, unshelve.
Runs in nova-lite-conductor, in a thread of its pool. The actions of one
request are scheduled by one call. An action whose server a user deletes
meanwhile is not sent on, and the waiting delete is run right after.
"""

from __future__ import annotations

import abc
import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception, fault_points
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.compute.transitions import Transition
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import deletion, journal, provider, service
from nova_lite.objects.request_spec import Destination, RequestSpec, Selection
from nova_lite.scheduler.client import query

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

Row = dict[str, Any]
FollowUps = list[tuple[RequestContext, int]]


class PlaceInstances(abc.ABC):
    """Queued actions of one operation to such as their hosts have."""

    row: ClassVar[Transition]
    event: ClassVar[str]

    def __init__(
        self,
        worker: str,
        host: str,
        scheduler: query.SchedulerQueryClient,
        compute: compute_rpcapi.ComputeAPI,
        silence_counts: Callable[[], bool],
    ) -> None:
        """``silence_counts``: whether a silent host is to be called dead."""
        self._silence_counts = silence_counts
        self._worker = worker
        self._host = host
        self._scheduler = scheduler
        self._compute = compute

    def execute(self, actions: Sequence[int]) -> FollowUps:
        """Returns deletes that waited for these actions, to be run next."""
        claimed = journal.claim(actions, self._worker)
        groups: dict[Any, list[tuple[Row, Row]]] = {}
        gave_way: list[str] = []
        for action, instance in claimed:
            ready = self.ready_host(action, instance)
            if ready is not None:
                gave_way += self._send(
                    [self._placement(action, instance, ready, _now())]
                )
                continue
            key = (
                instance["reservation_id"],
                tuple(one["host"] for one in _tried(action)),
            )
            groups.setdefault(key, []).append((action, instance))
        for group in groups.values():
            gave_way += self._place_group(group)
        return _waiting_deletes(gave_way)

    @abc.abstractmethod
    def states_without_host(self) -> dict[str, Any]:
        """What a server is written down as that no host will take."""

    def request_spec(
        self, context: RequestContext, group: list[tuple[Row, Row]]
    ) -> RequestSpec:
        """What the servers of a request need and wish."""
        action, instance = group[0]
        wishes = instance["request_spec"]
        return RequestSpec(
            context,
            project_id=instance["project_id"],
            user_id=instance["user_id"],
            instance_uuids=[row["uuid"] for _, row in group],
            flavor=instance["flavor"],
            image=instance["image_meta"],
            availability_zone=wishes.get("availability_zone"),
            force_host=wishes.get("force_host"),
            force_node=wishes.get("force_node"),
            requested_host=wishes.get("requested_host"),
            requested_node=wishes.get("requested_node"),
            ignore_hosts=[one["host"] for one in _tried(action)],
            scheduler_hints=wishes.get("scheduler_hints", {}),
        )

    def _place_group(self, group: list[tuple[Row, Row]]) -> list[str]:
        context = RequestContext.from_wire(group[0][0]["context"])
        context.update_store()
        began = _now()
        spec = self.request_spec(context, group)
        fault_points.reach(f"{self.row.name}.seeking")
        try:
            destinations = self._schedule_instances(context, spec)
        except exception.MessagingUnavailable as error:
            LOG.warning("The scheduler did not answer: %s", error)
            for action, _ in group:
                journal.put_back(action["id"], self._worker)
            return []
        placements, gave_way = [], []
        may_be_up = self._may_be_up(destinations)
        for (action, instance), destination in zip(
            group, destinations, strict=True
        ):
            if destination.selection is None:
                if may_be_up:
                    journal.put_back(action["id"], self._worker)
                elif not self._no_valid_host(
                    action, instance, destination, began
                ):
                    self._give_way(action["id"], instance["uuid"], began)
                    gave_way.append(instance["uuid"])
                continue
            action["arguments"]["alternates"] = [
                _as_row(one) for one in destination.alternates
            ]
            chosen = _as_row(destination.selection)
            placements.append(self._placement(action, instance, chosen, began))
        return gave_way + self._send(placements)

    def _send(self, placements: list[dict[str, Any]]) -> list[str]:
        """Hand actions over to their hosts; uuids of those that gave way."""
        gave_way = []
        went = set(journal.hand_over(self._worker, placements))
        fault_points.reach(f"{self.row.name}.sent")
        for place in placements:
            if place["id"] in went:
                getattr(self._compute, self.row.rpc_method)(
                    place["context"], place["host"], place["id"], place["uuid"]
                )
            else:
                began = place["event"]["start_time"]
                self._give_way(place["id"], place["uuid"], began)
                gave_way.append(place["uuid"])
        return gave_way

    def ready_host(self, action: Row, instance: Row) -> Row | None:
        """Claim the best host that is left of the scheduler's choice.

        None when nothing was tried yet, or no alternate has room and
        is up: the scheduler is asked then.
        """
        alternates = action["arguments"].get("alternates", [])
        if not _tried(action) or not alternates:
            return None
        hosts = {one["host"] for one in _tried(action)}
        hints = instance["request_spec"].get("scheduler_hints", {})
        group: str | None = hints.get("group")
        with db.reader() as session:
            _, up = service.alive(session, CONF.service_down_time)
        while alternates:
            chosen: Row = alternates.pop(0)
            if chosen["host"] in up - hosts and provider.try_claim(
                chosen["compute_node_uuid"],
                instance["uuid"],
                chosen["resources"],
                group,
            ):
                return chosen
        return None

    def _schedule_instances(
        self, context: RequestContext, spec: RequestSpec
    ) -> list[Destination]:
        return self._scheduler.select_destinations(context, spec)

    def _placement(
        self,
        action: Row,
        instance: Row,
        chosen: Row,
        began: datetime.datetime,
    ) -> dict[str, Any]:
        return {
            "context": RequestContext.from_wire(action["context"]),
            "id": action["id"],
            "uuid": instance["uuid"],
            "host": chosen["host"],
            "node": chosen["node"],
            "availability_zone": instance["request_spec"].get(
                "availability_zone"
            )
            or chosen["availability_zone"],
            "arguments": {**action["arguments"], "limits": chosen["limits"]},
            "event": self._event(began, "Success"),
        }

    def _event(
        self, began: datetime.datetime, result: str, **more: str
    ) -> dict[str, Any]:
        return {
            "event": self.event,
            "start_time": began,
            "result": result,
            "host": self._host,
            **more,
        }

    def _give_way(
        self, action_id: int, uuid: str, began: datetime.datetime
    ) -> None:
        """A delete came first: let go of what the scheduler claimed.

        Not so when the action is no longer this conductor's: whoever has it
        now, or the host it went to, has what was claimed.
        """
        if journal.preempted(
            action_id, self._worker, self._event(began, "Preempted")
        ):
            provider.release([uuid])

    def _may_be_up(self, destinations: Sequence[Destination]) -> bool:
        """Whether hosts were turned away only since an outage silenced them.

        Actions are then tried again when the hosts have had time to report.
        """
        silent = any(
            row["filter"] == "ComputeFilter"
            and row["reason"].startswith("down")
            for destination in destinations
            for row in destination.reasons
        )
        return silent and not self._silence_counts()

    def _no_valid_host(
        self,
        action: Row,
        instance: Row,
        destination: Destination,
        began: datetime.datetime,
    ) -> bool:
        """End an action for good; False when a delete came first."""
        error = _no_host(self.row.name, _tried(action), destination.reasons)
        event = self._event(
            began,
            "Error",
            details=error.format_message(),
            traceback=error.details or "",
        )
        fault = {
            "code": error.code,
            "message": error.format_message(),
            "details": error.details,
            "host": self._host,
        }
        return journal.fail(
            action["id"],
            self._worker,
            instance["uuid"],
            {"host": None, "node": None, **self.states_without_host()},
            event,
            fault,
        )


def _no_host(
    what: str,
    tried: Sequence[Mapping[str, str]],
    reasons: Sequence[Mapping[str, Any]],
) -> exception.NoValidHost:
    """A sentence for the tenant, and host by host for administrators."""
    summary = _summary(reasons)
    if not tried:
        return exception.NoValidHost(reason=summary, details=_by_host(reasons))
    causes = "; ".join(dict.fromkeys(one["reason"] for one in tried))
    failed = "\n".join(f"{one['host']}: {one['reason']}" for one in tried)
    return exception.MaxRetriesExceeded(
        reason=f"The {what} failed on {len(tried)} host(s): {causes} "
        f"No other host would do: {summary}",
        details=f"{failed}\n{_by_host(reasons)}",
    )


def _as_row(chosen: Selection) -> Row:
    return {name: getattr(chosen, name) for name in Selection.fields}


def _tried(action: Row) -> list[dict[str, str]]:
    tried: list[dict[str, str]] = action["arguments"].get("tried", [])
    return tried


def _waiting_deletes(uuids: Sequence[str]) -> FollowUps:
    if not uuids:
        return []
    with db.reader() as session:
        found = deletion.queued_for_conductor(session, "delete", uuids)
    return [
        (RequestContext.from_wire(row["context"]), row["id"]) for row in found
    ]


def _summary(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Hosts counted per reason: what a tenant may know."""
    counts = [row for row in reasons if "count" in row]
    return "; ".join(
        f"{row['count']} host(s): {row['filter']}: {row['reason']}"
        if row["count"] > 1 or _is_of_a_host(row, reasons)
        else f"{row['reason']}"
        for row in counts
    )


def _is_of_a_host(
    count: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]]
) -> bool:
    return any(
        "host" in row and row["filter"] == count["filter"] for row in reasons
    )


def _by_host(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Host by host: what an administrator sees."""
    return "\n".join(
        f"{row['host']} ({row['node']}): {row['filter']}: {row['reason']}"
        for row in reasons
        if "host" in row
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
