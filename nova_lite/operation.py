# SPDX-License-Identifier: Apache-2.0
"""One operation on one server: a template with fixed phases.

claim the action's row -> lock the server -> check -> acquire -> do -> finish.

A subclass writes ``do`` as straight-line code and names the states in its
row of compute/transitions.py. Whatever ``do`` acquires it pushes on ``undo``;
any failure unwinds that in reverse, and ends the action with a fault, or
gives it back for another host where the operation declares that it may.
Runs in nova-lite-compute, in a thread of the manager's pool.
"""

from __future__ import annotations

import abc
import contextlib
import datetime
import traceback
from typing import Any, ClassVar

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import task_states
from nova_lite.compute.locks import InstanceLocks, Lock
from nova_lite.compute.transitions import Transition
from nova_lite.context import RequestContext
from nova_lite.objects.instance import Instance
from nova_lite.objects.instance_action import InstanceAction

LOG = logging.getLogger(__name__)


class Preempted(Exception):  # noqa: N818 - not an error: a delete goes first
    """A delete was asked for, or another worker has the action."""


class Operation(abc.ABC):
    """Base of compute/operations/*."""

    row: ClassVar[Transition]
    event: ClassVar[str]
    # Written with the claim: what users see while the first step runs.
    first_states: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        context: RequestContext,
        action_id: int,
        instance_uuid: str,
        host: str,
        worker: str,
        locks: InstanceLocks,
    ) -> None:
        self.context = context
        self.action_id = action_id
        self.instance_uuid = instance_uuid
        self.host = host
        self._worker = worker
        self._locks = locks
        self.action: InstanceAction
        self.instance: Instance
        self.undo = contextlib.ExitStack()
        self._lock: Lock
        self._began = _now()

    def run(self) -> None:
        """Take the action and see it through to one of its ends."""
        # The log's lines carry the request of this thread from here on.
        self.context.update_store()
        claimed = InstanceAction.claim(
            self.context,
            self.action_id,
            self._worker,
            self.instance_uuid,
            self.first_states,
        )
        if not claimed:
            LOG.debug("Action %s is not to be taken", self.action_id)
            return
        self.action, self.instance = claimed
        with self._locks.hold(self.instance_uuid, self.before_lock) as lock:
            self._lock = lock
            self._began = _now()
            try:
                self._phases()
            except Preempted:
                self._unwind()
                self.action.preempted(self._event("Preempted"))
                LOG.info(
                    "%s of %s gave way", self.row.name, self.instance_uuid
                )
            except Exception as error:
                # Whatever failed, the user is to see a cause and the row an
                # end.
                LOG.exception(
                    "%s of %s failed", self.row.name, self.instance_uuid
                )
                self._unwind()
                self.failed(error)

    def _phases(self) -> None:
        self.checkpoint()
        self.check()
        self.acquire()
        self.do()
        self.finish()
        self.undo.pop_all()
        LOG.info("%s of %s done", self.row.name, self.instance_uuid)

    # --- what a subclass fills in ---

    def before_lock(self, lock: Lock) -> None:  # noqa: B027
        """Called before waiting for the server's lock."""

    def check(self) -> None:  # noqa: B027
        """Look whether it can be done at all."""

    def acquire(self) -> None:  # noqa: B027
        """Take what is needed; push its release on ``undo``."""

    @abc.abstractmethod
    def do(self) -> None:
        """The work, each step safe to repeat."""

    @abc.abstractmethod
    def finish(self) -> None:
        """End the action with its final states, in one call."""

    def failed(self, error: Exception) -> None:
        """End the action with a fault."""
        updates: dict[str, Any] = {"task_state": None}
        if self.row.on_error is not None:
            updates["vm_state"] = self.row.on_error
        updates.update(self.states_on_failure(error))
        if not self.action.fail(
            updates, self._event("Error", error), fault_of(error, self.host)
        ):
            self.action.preempted(self._event("Preempted"))

    def states_on_failure(self, error: Exception) -> dict[str, Any]:
        """Further columns of the server to write on failure."""
        return {}

    # --- for use in do() ---

    def checkpoint(self) -> None:
        """Stop here when a delete was asked for. Raises: Preempted."""
        if (
            self._lock.preempted
            or self.instance.task_state == task_states.DELETING
        ):
            raise Preempted

    def _unwind(self) -> None:
        try:
            self.undo.close()
        except Exception:
            # What could not be undone is found again by uuid: the next
            # attempt or the reconcile pass removes it.
            LOG.exception("Clean-up of %s failed", self.instance_uuid)

    def _event(
        self, result: str, error: Exception | None = None
    ) -> dict[str, Any]:
        made: dict[str, Any] = {
            "event": self.event,
            "start_time": self._began,
            "result": result,
            "host": self.host,
        }
        if error is not None:
            made["details"] = sentence(error)
            made["traceback"] = "".join(traceback.format_exception(error))
        return made


def fault_of(error: Exception, host: str | None) -> dict[str, Any]:
    """The fault row of an error."""
    code, details = 500, None
    if isinstance(error, exception.NovaLiteException):
        code, details = error.code, error.details
    if details is None:
        details = "".join(traceback.format_exception(error))
    return {
        "code": code,
        "message": sentence(error),
        "details": details,
        "host": host,
    }


def sentence(error: Exception) -> str:
    """What to tell a user of an error."""
    if isinstance(error, exception.NovaLiteException):
        return error.format_message()
    return f"An internal error happened: {type(error).__name__}"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
