# SPDX-License-Identifier: Apache-2.0
"""nova-lite-scheduler's endpoints: choose hosts and claim them.

Conductor calls through scheduler.client; one decision at a time in a
process, since two at once would only fight for the same best host. Other
processes are kept off by the providers' generations.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception, manager, rpc
from nova_lite.context import RequestContext
from nova_lite.db.repositories import provider
from nova_lite.db.repositories.occupancy import Group
from nova_lite.objects.compute_node import ComputeNode
from nova_lite.objects.request_spec import (
    Destination,
    RequestSpec,
    Selection,
)
from nova_lite.scheduler import neighbours
from nova_lite.scheduler.host_manager import HostManager
from nova_lite.scheduler.host_state import HostState
from nova_lite.scheduler.selection import Selector

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

# Each lost race means that another scheduler won one: this many in a row
# for one request says that something is wrong.
_MOST_CONFLICTS = 100
# Rows of host-by-host reasons, for all servers of an answer together.
_MOST_REASONS = 1000


@dataclass(frozen=True, slots=True)
class _Pick:
    """A host chosen for a server, not yet claimed."""

    host: HostState
    alternates: Sequence[HostState]


class SchedulerManager(manager.Manager):
    """Receives what is sent to the topic "scheduler"."""

    target = rpc.Target(version="1.2")
    service_name = "scheduler"

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self._alternates: int = CONF.scheduler.max_attempts - 1
        self._selector = Selector()
        self._hosts = HostManager(
            CONF.scheduler.host_state_max_age_s,
            CONF.scheduler.host_state_reload_s,
            CONF.service_down_time,
            self._selector.counts_io,
        )
        self._lock = threading.Lock()

    def init_host(self) -> None:
        """Read every host, so that the first decision is quick too."""
        try:
            with self._lock:
                self._hosts.catch_up()
        except exception.DatabaseUnavailable:
            LOG.warning("No hosts read yet: the database does not answer")

    def select_destinations(
        self, context: RequestContext, spec: RequestSpec
    ) -> list[Destination]:
        """Choose and claim a host for each server, in the order asked.

        May be repeated: what the servers held before is given back first. A
        server without a host gets reasons (see Selector.explain).
        Raises: Invalid for a flavor that makes no sense.
        """
        _complete(spec)
        needs = spec.needs()
        with self._lock:
            try:
                self._hosts.catch_up()
                self._give_back(spec.instance_uuids)
                picks = self._place(spec, needs)
                return self._answer(spec, needs, picks)
            except BaseException:
                # Servers may be counted in that were never claimed.
                self._hosts.invalidate()
                raise

    def check_host(
        self, context: RequestContext, spec: RequestSpec, every: bool = False
    ) -> str | None:
        """Why the host that is asked for may not have the server, or None.

        Only the image is looked at, unless ``every`` filter is to be asked.
        Nothing is claimed: the server is there, and keeps what it has.
        """
        _complete(spec)
        with self._lock:
            self._hosts.catch_up()
            return self._selector.refusal(
                list(self._hosts.states.values()), spec, every
            )

    def update_host_state(
        self, context: RequestContext, compute_node: ComputeNode
    ) -> None:
        """Take the hint that a host reported something."""
        with self._lock:
            if self._hosts.differs(
                compute_node.uuid, compute_node.inventories
            ):
                self._hosts.hint()

    def refresh(self, context: RequestContext) -> None:
        """Read all hosts anew before the next decision."""
        with self._lock:
            self._hosts.invalidate()

    def hosts_changed(self, context: RequestContext) -> None:
        """Look at services and aggregates before the next decision."""
        with self._lock:
            self._hosts.forget_aggregates()

    @manager.periodic(spacing=60)
    def _maintain_hosts(self, context: RequestContext) -> None:
        """Keep the memory fresh while no decision does."""
        with self._lock:
            self._hosts.maintain()

    def _place(
        self, spec: RequestSpec, needs: dict[str, int]
    ) -> dict[str, _Pick]:
        """Plan in memory, claim, and plan again what others took."""
        claimed: dict[str, _Pick] = {}
        waiting: Sequence[str] = spec.instance_uuids
        fresh = False
        for _ in range(_MOST_CONFLICTS):
            spec.neighbours = neighbours.read(spec)
            picks = self._plan(waiting, spec, needs)
            if len(picks) < len(waiting) and not fresh:
                # Nobody is told "no" on the word of an old memory.
                _count_out(picks, needs)
                self._hosts.catch_up(thorough=True)
                fresh = True
                continue
            refused = self._claim(picks, needs, spec.neighbours.group)
            claimed.update(
                (uuid, pick)
                for uuid, pick in picks.items()
                if uuid not in refused
            )
            if not refused:
                break
            LOG.debug("%d claims came too late: again", len(refused))
            waiting = [uuid for uuid in waiting if uuid not in claimed]
        return claimed

    def _plan(
        self,
        uuids: Sequence[str],
        spec: RequestSpec,
        needs: dict[str, int],
    ) -> dict[str, _Pick]:
        """A host for each server, as far as there are; counted in."""
        hosts = list(self._hosts.states.values())
        ranking = self._selector.rank(hosts, spec, needs)
        picks: dict[str, _Pick] = {}
        for uuid in uuids:
            taken = ranking.take(needs, self._alternates)
            if taken is None:
                break
            picks[uuid] = _Pick(*taken)
        return picks

    def _claim(
        self,
        picks: Mapping[str, _Pick],
        needs: dict[str, int],
        group: Group | None,
    ) -> set[str]:
        """Write the claims; returns the servers whose host had changed.

        Or all of them, when servers of their group were placed meanwhile.
        """
        if not picks:
            return set()
        refused = provider.claim(
            {
                uuid: provider.Claim(
                    pick.host.provider_id, pick.host.generation, needs
                )
                for uuid, pick in picks.items()
            },
            group if group is not None and group.is_hard else None,
        )
        won = {
            pick.host.uuid: pick.host
            for uuid, pick in picks.items()
            if uuid not in refused
        }
        for host in won.values():
            host.generation += 1
        if refused:
            lost = {uuid: picks[uuid] for uuid in refused}
            _count_out(lost, needs)
            self._hosts.reread({p.host.provider_id for p in lost.values()})
            # A claim whose COMMIT was not answered may stand all the same.
            self._give_back(refused)
        return refused

    def _give_back(self, uuids: Collection[str]) -> None:
        held = provider.allocations(uuids)
        if held:
            self._hosts.reread(provider.release(list(held)))

    def _answer(
        self,
        spec: RequestSpec,
        needs: dict[str, int],
        picks: Mapping[str, _Pick],
    ) -> list[Destination]:
        failed = len(spec.instance_uuids) - len(picks)
        reasons = []
        if failed:
            reasons = self._selector.explain(
                list(self._hosts.states.values()),
                spec,
                needs,
                most=max(min(_MOST_REASONS // failed, 100), 1),
            )
            LOG.info("No host for %d servers: %s", failed, reasons[-5:])
        return [
            _destination(uuid, picks.get(uuid), needs, reasons)
            for uuid in spec.instance_uuids
        ]


def _complete(spec: RequestSpec) -> None:
    """Give what an older conductor did not send its neutral value."""
    for name in (
        "availability_zone",
        "force_host",
        "force_node",
        "requested_host",
        "requested_node",
    ):
        if name not in spec:
            setattr(spec, name, None)
    if "ignore_hosts" not in spec:
        spec.ignore_hosts = []


def _count_out(picks: Mapping[str, _Pick], needs: dict[str, int]) -> None:
    for pick in picks.values():
        pick.host.consume(needs, -1)


def _destination(
    uuid: str,
    pick: _Pick | None,
    needs: dict[str, int],
    reasons: list[dict[str, object]],
) -> Destination:
    if pick is None:
        return Destination(
            instance_uuid=uuid, selection=None, alternates=[], reasons=reasons
        )
    return Destination(
        instance_uuid=uuid,
        selection=_selection(pick.host, needs),
        alternates=[_selection(host, needs) for host in pick.alternates],
        reasons=[],
    )


def _selection(host: HostState, needs: dict[str, int]) -> Selection:
    return Selection(
        resources=dict(needs),
        host=host.host,
        node=host.node,
        compute_node_uuid=host.uuid,
        availability_zone=host.zone or None,
        limits=dict(host.capacity),
    )
