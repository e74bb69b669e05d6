# SPDX-License-Identifier: Apache-2.0
"""Tells of servers: operations, changes of state, usage.

Called by the operations, by compute.API and by conductor. Each function does
nothing at all while no driver is configured; else it reads the server anew,
so that what is told is what the database holds. Nothing here raises: what a
user asked for does not fail because nobody could be told.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite.compute import audit_period, transitions
from nova_lite.context import RequestContext
from nova_lite.notifications import events, legacy, messenger, payloads
from nova_lite.objects.instance import Instance

LOG = logging.getLogger(__name__)
CONF = cfg.CONF
P = ParamSpec("P")

START, END, ERROR = "start", "end", "error"
States = tuple[str | None, str | None]


def quietly(fn: Callable[P, None]) -> Callable[P, None]:
    """Do it only when notifications are on, and never fail."""

    @functools.wraps(fn)
    def tell(*args: P.args, **kwargs: P.kwargs) -> None:
        if not messenger.enabled():
            return
        try:
            fn(*args, **kwargs)
        except Exception:
            # Whatever is wrong with a notification, the work goes on.
            LOG.exception("A notification was not sent: %s", fn.__name__)

    return tell


@quietly
def operation(
    context: RequestContext,
    name: str,
    uuid: str,
    phase: str,
    host: str,
    *,
    arguments: Mapping[str, Any] | None = None,
    error: BaseException | None = None,
) -> None:
    """Tell of a phase of an operation that compute/transitions.py names.

    A repeated operation, after a crash, may tell START twice; END comes
    after the journal has ended the action, once at most.
    """
    if error is not None:
        exception(context, host, error, transitions.TABLE[name].rpc_method)
    event = events.OPERATIONS[name]
    if event is None:
        return
    row = Instance.facts(context, uuid)
    if row is None:
        return
    if event.legacy is not None and messenger.wants_legacy():
        messenger.send_legacy(
            context,
            f"compute.instance.{event.legacy}.{phase}",
            legacy.server(row, **_legacy_extra(event, row, phase, error)),
            publisher=f"compute.{host}",
            priority="ERROR" if phase == ERROR else None,
        )
    if messenger.wants_versioned():
        _action(context, event, row, phase, host, arguments or {}, error)


def _legacy_extra(
    event: events.Event,
    row: Mapping[str, Any],
    phase: str,
    error: BaseException | None,
) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if event.legacy == "create" and phase == START:
        extra["image_name"] = row["image_meta"].get("name")
    if event.legacy == "create" and phase == END:
        extra["message"] = "Success"
    if error is not None:
        extra |= {"message": str(error), "exception": str(error)}
        extra["code"] = getattr(error, "code", 500)
    return extra


def _action(
    context: RequestContext,
    event: events.Event,
    row: Mapping[str, Any],
    phase: str,
    host: str,
    arguments: Mapping[str, Any],
    error: BaseException | None,
) -> None:
    extra: dict[str, Any] = {}
    if event.extra is not None:
        field, *path = event.extra
        value: Any = arguments
        for name in path:
            value = (value or {}).get(name)
        extra[field] = value
    messenger.send_versioned(
        context,
        f"instance.{event.versioned}.{phase}",
        payloads.action(
            event.payload,
            context,
            row,
            error=error,
            bdms=CONF.notifications.bdms_in_notifications,
            extra=extra,
        ),
        source="compute",
        host=host,
        priority="ERROR" if phase == ERROR else "INFO",
    )


def whole(context: RequestContext, name: str, uuid: str) -> None:
    """Tell of an operation that the database alone has done."""
    for phase in (START, END):
        operation(context, name, uuid, phase, "")


@quietly
def done_by_api(context: RequestContext, action: str, uuid: str) -> None:
    """Tell of what the API has done itself: lock and unlock."""
    if not messenger.wants_versioned():
        return
    row = Instance.facts(context, uuid)
    if row is not None:
        messenger.send_versioned(
            context,
            f"instance.{action}",
            payloads.action(
                "InstanceActionPayload",
                context,
                row,
                bdms=CONF.notifications.bdms_in_notifications,
            ),
        )


@quietly
def changed(context: RequestContext, uuid: str, before: States) -> None:
    """Tell that a server's states are not what they were, if wanted."""
    wanted = CONF.notifications.notify_on_state_change
    if not wanted:
        return
    row = Instance.facts(context, uuid)
    if row is None:
        return
    now = (row["vm_state"], row["task_state"])
    if now == before or (wanted == "vm_state" and now[0] == before[0]):
        return
    _update(context, row, before)


@quietly
def updated(context: RequestContext, uuid: str) -> None:
    """Tell that something else of a server has changed: its tags."""
    row = Instance.facts(context, uuid)
    if row is not None:
        _update(context, row, (row["vm_state"], row["task_state"]))


@quietly
def written(
    context: RequestContext, uuid: str, former_name: str | None = None
) -> None:
    """Tell that a server's metadata or name has changed, if wanted."""
    if not CONF.notifications.notify_on_state_change:
        return
    row = Instance.facts(context, uuid)
    if row is not None:
        if former_name == row["display_name"]:
            former_name = None
        states = (row["vm_state"], row["task_state"])
        _update(context, row, states, former_name)


def _update(
    context: RequestContext,
    row: Mapping[str, Any],
    before: States,
    former_name: str | None = None,
) -> None:
    present = datetime.datetime.now(datetime.UTC)
    _, began = audit_period.last_completed(
        CONF.instance_usage_audit_period, present
    )
    renamed = {} if former_name is None else {"old_display_name": former_name}
    messenger.send_legacy(
        context,
        "compute.instance.update",
        legacy.server(
            row,
            old_state=before[0],
            old_task_state=before[1],
            new_task_state=row["task_state"],
            audit_period_beginning=legacy.moment(began),
            audit_period_ending=legacy.moment(present),
            bandwidth={},
            **renamed,
        ),
    )
    messenger.send_versioned(
        context,
        "instance.update",
        payloads.update(
            context,
            row,
            before,
            (began, present),
            CONF.notifications.bdms_in_notifications,
            former_name,
        ),
    )


@quietly
def exists(
    context: RequestContext,
    host: str,
    begin: datetime.datetime,
    end: datetime.datetime,
) -> None:
    """Tell of each server that ran on a host in an audited period."""
    for uuid in Instance.ran_on_host(context, host, begin, end):
        row = Instance.facts(context, uuid)
        if row is None:
            continue
        messenger.send_legacy(
            context,
            "compute.instance.exists",
            legacy.server(
                row,
                audit_period_beginning=legacy.moment(begin),
                audit_period_ending=legacy.moment(end),
                bandwidth={},
            ),
            publisher=f"compute.{host}",
        )
        messenger.send_versioned(
            context,
            "instance.exists",
            payloads.exists(
                context,
                row,
                (begin, end),
                CONF.notifications.bdms_in_notifications,
            ),
            source="compute",
            host=host,
        )


@quietly
def exception(
    context: RequestContext, host: str, error: BaseException, method: str
) -> None:
    """Tell of an error that ended an operation; ``method`` received it."""
    fault = payloads.fault(error)
    messenger.send_legacy(
        context,
        method,
        {"exception": str(error), "args": {}},
        publisher=f"compute.{host}",
        priority="ERROR",
    )
    messenger.send_versioned(
        context,
        "compute.exception",
        fault,
        source="compute",
        host=host,
        priority="ERROR",
    )
