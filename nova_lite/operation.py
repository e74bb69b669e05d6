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
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from oslo_log import log as logging

from nova_lite import exception, fault_points
from nova_lite.compute import task_states
from nova_lite.compute.locks import InstanceLocks, Lock
from nova_lite.compute.transitions import Transition
from nova_lite.context import RequestContext
from nova_lite.network import model
from nova_lite.network.model import VIF
from nova_lite.notifications import servers as notices
from nova_lite.objects.instance import Instance
from nova_lite.objects.instance_action import InstanceAction

if TYPE_CHECKING:
    from nova_lite.compute.info_cache import InfoCache
    from nova_lite.compute.instance_events import InstanceEvents
    from nova_lite.compute.plugging import Plugging, Plugs
    from nova_lite.compute.ports import Leftovers
    from nova_lite.compute.resource_tracker import ResourceTracker
    from nova_lite.conductor.api import ComputeTaskAPI
    from nova_lite.image.api import ImageAPI
    from nova_lite.network.api import NetworkAPI
    from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)

# A user looks at how far it has come no more often.
_PROGRESS_INTERVAL_S = 2.0


class Preempted(Exception):  # noqa: N818 - not an error: another goes first
    """A delete or the like was asked for, or another worker has the action."""


@dataclass(frozen=True, slots=True)
class HostServices:
    """What the operations of one host work with.

    ``worker``: the incarnation of the daemon that runs them.
    """

    host: str
    worker: str
    locks: InstanceLocks
    driver: ComputeDriver
    tracker: ResourceTracker
    images: ImageAPI
    conductor: ComputeTaskAPI
    network: NetworkAPI
    info_cache: InfoCache
    plugging: Plugging
    leftovers: Leftovers
    instance_events: InstanceEvents


class Operation(abc.ABC):
    """Base of compute/operations/*."""

    row: ClassVar[Transition]
    event: ClassVar[str]
    # Written with the claim: what users see while the first step runs.
    first_states: ClassVar[dict[str, Any]] = {}
    # What differs for a server whose interfaces are yet to be allocated.
    networked_states: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        context: RequestContext,
        action_id: int,
        instance_uuid: str,
        services: HostServices,
    ) -> None:
        self.context = context
        self.action_id = action_id
        self.instance_uuid = instance_uuid
        self.services = services
        self.host = services.host
        self.driver = services.driver
        self.action: InstanceAction
        self.instance: Instance
        self.undo = contextlib.ExitStack()
        # Closed when it is over and undone, whatever its end.
        self.around = contextlib.ExitStack()
        self._lock: Lock
        self._began = _now()
        self._told_at = time.monotonic()
        self._noted = False

    def run(self) -> None:
        """Take the action and see it through to one of its ends."""
        # The log's lines carry the request of this thread from here on.
        self.context.update_store()
        claimed = InstanceAction.claim(
            self.context,
            self.action_id,
            self.services.worker,
            self.instance_uuid,
            self.first_states,
            self.networked_states,
        )
        if not claimed:
            LOG.debug("Action %s is not to be taken", self.action_id)
            return
        self.action, self.instance = claimed
        self.point("claimed")
        locks = self.services.locks
        with (
            locks.hold(self.instance_uuid, self.before_lock) as lock,
            self.around,
        ):
            self._lock = lock
            self._began = _now()
            self.services.info_cache.freshen(self.instance)
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
                self._tell(notices.ERROR, error)

    def _phases(self) -> None:
        self.checkpoint()
        self._tell(notices.START)
        self.check()
        self.point("checked")
        self.acquire()
        self.point("acquired")
        self.do()
        self.point("done")
        self.finish()
        self.undo.pop_all()
        self._tell(notices.END)
        self.point("finished")
        LOG.info("%s of %s done", self.row.name, self.instance_uuid)

    # --- what a subclass fills in ---

    def before_lock(self, lock: Lock) -> None:
        """Called before waiting for the server's lock.

        Whoever goes before others tells the one that holds it to stop.
        """
        if self.row.preempts:
            lock.preempt(self.action_id)

    def check(self) -> None:  # noqa: B027
        """Look whether it can be done at all."""

    def acquire(self) -> None:  # noqa: B027
        """Take what is needed; push its release on ``undo``."""

    @abc.abstractmethod
    def do(self) -> None:
        """The work, each step safe to repeat."""

    def finish(self) -> None:
        """End the action with its final states, in one call."""
        states = {**self.row.ended(self.row.done), **self.final_states()}
        moved = {} if "network_info" in states else self._moved()
        if not self.action.finish({**states, **moved}, self._event("Success")):
            # A delete was accepted meanwhile: it is coming.
            raise Preempted
        if moved:
            self.services.info_cache.wrote(
                self.instance_uuid, moved["network_info"]
            )

    def final_states(self) -> dict[str, Any]:
        """Further columns of the server to write on success."""
        return {}

    def failed(self, error: Exception) -> None:
        """End the action with a fault."""
        updates = {
            **self.row.ended(self.row.on_error),
            **self.states_on_failure(error),
        }
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
            self._lock.preempted(self.action_id)
            or self.instance.task_state == task_states.DELETING
        ):
            raise Preempted

    def advance(self, **updates: Any) -> None:
        """Write what users see of the next step. Raises: Preempted."""
        before = (self.instance.vm_state, self.instance.task_state)
        if not self.action.advance(updates):
            raise Preempted
        for name, value in updates.items():
            if name in self.instance.fields:
                setattr(self.instance, name, value)
        notices.changed(self.context, self.instance_uuid, before)

    def progress(self, percent: int, what: str) -> None:
        """Tell how far a long step is, now and then. Raises: Preempted."""
        self.checkpoint()
        LOG.debug("%s of %s: %d %%", what, self.instance_uuid, percent)
        moment = time.monotonic()
        if moment - self._told_at < _PROGRESS_INTERVAL_S:
            return
        self._told_at = moment
        LOG.info("%s of %s: %d %%", what, self.instance_uuid, percent)
        self._noted = True
        if not self.action.note(
            {
                "event": self.event,
                "start_time": self._began,
                "host": self.host,
                "details": f"{what}: {percent} %",
            }
        ):
            raise Preempted

    def plugs(self) -> contextlib.AbstractContextManager[Plugs]:
        """Around whatever has the network wire interfaces for the guest."""
        return self.services.plugging.expect(
            self.instance_uuid,
            self.checkpoint,
            self.driver.capabilities.get("wires_vifs", True),
        )

    def placed(self, vifs: Sequence[VIF]) -> list[VIF]:
        """Interfaces, with where the guest has those that it knows by a tag.

        To be told by the metadata service, no more: what cannot be found out
        now stays as it was.
        """
        if not any(vif.tag for vif in vifs):
            return list(vifs)
        try:
            places = self.driver.card_places(self.instance_uuid)
        except exception.NovaLiteException as error:
            LOG.warning(
                "The cards of %s are looked at later: %s",
                self.instance_uuid,
                error,
            )
            return list(vifs)
        return model.placed(vifs, places)

    def makes_ports(self) -> None:
        """From here on it may leave some behind if this daemon dies."""
        self.around.enter_context(
            self.services.leftovers.may_come(self.instance_uuid)
        )

    def point(self, name: str) -> None:
        """A place between two phases, where tests make faults."""
        fault_points.reach(f"{self.row.name}.{name}")

    # --- the template's own ---

    def _moved(self) -> dict[str, Any]:
        """The interfaces, if the guest has cards where it had them not."""
        before = model.load(self.instance.network_info)
        now = self.placed(before)
        return {"network_info": model.dump(now)} if now != before else {}

    def _tell(self, phase: str, error: Exception | None = None) -> None:
        """Notify others of a phase, and of states that ended with it."""
        notices.operation(
            self.context,
            self.row.name,
            self.instance_uuid,
            phase,
            self.host,
            arguments=self.action.arguments,
            error=error,
        )
        if phase != notices.START:
            before = (self.instance.vm_state, self.instance.task_state)
            notices.changed(self.context, self.instance_uuid, before)

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
        if self._noted:
            made["noted"] = True
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
