# SPDX-License-Identifier: Apache-2.0
"""Every host in memory, brought up to date from the database.

Used by SchedulerManager under its lock. Only rows that changed since the
last look are read, so thousands of hosts cost little. The memory may be a
little old: a claim over an old generation fails, and then the host is read
again, so nothing depends on its being right but speed.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from oslo_log import log as logging

from nova_lite.db.repositories import (
    aggregate,
    compute_node,
    occupancy,
    provider,
)
from nova_lite.scheduler.host_state import (
    NO_AGGREGATES,
    WORKING,
    AggregateSet,
    Hardware,
    HostState,
    ServiceState,
)

LOG = logging.getLogger(__name__)

# Writers' clocks may differ and a transaction may commit late: changes are
# read again this far back, and much further when there is time.
_OVERLAP = datetime.timedelta(seconds=2)
_LONG_OVERLAP = datetime.timedelta(seconds=90)


class HostManager:
    """All hosts, by compute node uuid.

    ``max_age_s``: how old the memory may be before a decision.
    ``reload_s``: after which time ``maintain`` reads everything anew.
    ``down_time_s``: silence after which a compute service is down.
    ``counts_io``: whether anybody asks for num_io_ops.
    """

    def __init__(
        self,
        max_age_s: float,
        reload_s: float,
        down_time_s: float,
        counts_io: bool = False,
    ) -> None:
        self.states: dict[str, HostState] = {}
        self._by_provider: dict[int, HostState] = {}
        self._by_host: dict[str, list[HostState]] = {}
        self._impaired: dict[str, ServiceState] = {}
        self._zoneless: set[str] = set()
        self._aggregates: dict[str, AggregateSet] = {}
        self._aggregate_mark: tuple[Any, ...] | None = None
        self._hardware: dict[tuple[Any, ...], Hardware] = {}
        self._counts_io = counts_io
        self._max_age_s = max_age_s
        self._reload_s = reload_s
        self._down_time = datetime.timedelta(seconds=down_time_s)
        self._read_at = 0.0
        self._loaded_at = 0.0
        self._hinted = True
        # updated_at of the latest row seen: of nodes, of providers
        self._node_mark: datetime.datetime | None = None
        self._provider_mark: datetime.datetime | None = None

    def invalidate(self) -> None:
        """Forget all; the next look reads every host."""
        self._loaded_at = 0.0

    def hint(self) -> None:
        """Something changed: look before the next decision."""
        self._hinted = True

    def forget_aggregates(self) -> None:
        """Aggregates or zones changed: read them before the next decision."""
        self._aggregate_mark = None
        self._hinted = True

    def differs(self, uuid: str, inventories: dict[str, Any]) -> bool:
        """Whether a host that reports this is not yet known to be so."""
        state = self.states.get(uuid)
        return state is None or state.capacity != {
            name: provider.capacity(
                figures["total"],
                figures.get("reserved", 0),
                figures.get("allocation_ratio", 1.0),
            )
            for name, figures in inventories.items()
        }

    def maintain(self) -> None:
        """Catch up thoroughly, and now and then read everything anew."""
        if time.monotonic() - self._loaded_at > self._reload_s:
            self.invalidate()
        self.catch_up(thorough=True)

    def catch_up(self, thorough: bool = False) -> None:
        """Read what changed, unless that was done a moment ago.

        ``thorough`` reads in any case, and far back.
        """
        begun = time.monotonic()
        if not self._loaded_at:
            self._load()
            self._loaded_at = begun
        elif thorough:
            self._read_changes(_LONG_OVERLAP)
        elif self._hinted or begun - self._read_at >= self._max_age_s:
            self._read_changes(_OVERLAP)
        else:
            return
        if self._counts_io:
            self._count_io()
        self._hinted = False
        self._read_at = begun

    def reread(self, provider_ids: Collection[int] | None) -> None:
        """Read generation, capacity and usage of providers (None: all)."""
        for provider_id, stock in provider.stocks(provider_ids).items():
            state = self._by_provider.get(provider_id)
            if state is not None:
                state.set_stock(stock.generation, stock.capacity, stock.used)

    def _count_io(self) -> None:
        counts = occupancy.busy()
        for host, states in self._by_host.items():
            for state in states:
                state.num_io_ops = counts.get(host, 0)

    def _load(self) -> None:
        self.states.clear()
        self._by_provider.clear()
        self._by_host.clear()
        self._impaired.clear()
        self._hardware.clear()
        self._provider_mark = _latest(
            None, (row[2] for row in provider.generations_since(None))
        )
        rows = compute_node.changed_since(None)
        self._node_mark = _latest(None, (row.updated_at for row in rows))
        for row in rows:
            self._add(row)
        self._zoneless = set(self._by_host)
        self._note_aggregates(compute_node.census()[1])
        self._note_services()
        self.reread(None)
        LOG.info("The scheduler knows %d hosts", len(self.states))

    def _read_changes(self, overlap: datetime.timedelta) -> None:
        since = self._node_mark
        rows = compute_node.changed_since(since and since - overlap)
        self._node_mark = _latest(since, (row.updated_at for row in rows))
        new = [row for row in rows if not self._update(row)]
        stale = {self._add(row).provider_id for row in new}
        # A node may be reported before its service is: ask again for these.
        self._zoneless.update(row.host for row in new)
        if self._zoneless:
            self._set_zones(compute_node.zones(self._zoneless))
        self._note_services()
        stale |= self._changed_providers(overlap)
        if stale:
            self.reread(stale)
        count, mark = compute_node.census()
        if count != len(self.states):
            self._drop_deleted()
        if mark != self._aggregate_mark:
            self._note_aggregates(mark)

    def _changed_providers(self, overlap: datetime.timedelta) -> set[int]:
        since = self._provider_mark
        rows = provider.generations_since(since and since - overlap)
        self._provider_mark = _latest(since, (row[2] for row in rows))
        return {
            provider_id
            for provider_id, generation, _ in rows
            if provider_id in self._by_provider
            and self._by_provider[provider_id].generation != generation
        }

    def _note_services(self) -> None:
        """Learn which services take no servers; all others work."""
        silent_since = datetime.datetime.now(datetime.UTC) - self._down_time
        rows = compute_node.impaired_services(silent_since)
        former = self._impaired
        self._impaired = {
            row.host: ServiceState(
                disabled=row.disabled,
                disabled_reason=row.disabled_reason,
                forced_down=row.forced_down,
                silent=row.last_seen_at is None
                or row.last_seen_at < silent_since,
                last_seen_at=row.last_seen_at,
            )
            for row in rows
        }
        for host in former.keys() | self._impaired.keys():
            for state in self._by_host.get(host, ()):
                state.service = self._impaired.get(host, WORKING)

    def _note_aggregates(self, mark: tuple[Any, ...]) -> None:
        """Learn who is in which aggregates, and in which zone by that."""
        found = aggregate.everything()
        self._aggregates = _sets_of(found)
        self._aggregate_mark = mark
        for host, states in self._by_host.items():
            for state in states:
                state.aggregates = self._aggregates.get(host, NO_AGGREGATES)
        self._set_zones(compute_node.zones())

    def _set_zones(self, zones: Mapping[str, str]) -> None:
        """A zone is its service's; a host in none has no service."""
        self._zoneless -= zones.keys()
        for host, zone in zones.items():
            for state in self._by_host.get(host, ()):
                state.zone = zone
                state.service = self._impaired.get(host, WORKING)

    def _update(self, row: Any) -> bool:
        """Take over a known node; False when it is not known as such."""
        state = self.states.get(row.uuid)
        if state is None or (state.host, state.node) != (row.host, row.node):
            return False
        if state.updated_at != row.updated_at:
            state.updated_at = row.updated_at
            state.hardware = self._kind(row)
            state.failed_builds = row.failed_builds
            state.num_instances = row.running_vms
            state.host_ip = row.host_ip
        return True

    def _add(self, row: Any) -> HostState:
        self._remove(row.uuid)
        state = HostState(
            row.uuid,
            row.host,
            row.node,
            row.provider_id,
            self._kind(row),
            updated_at=row.updated_at,
            failed_builds=row.failed_builds,
            num_instances=row.running_vms,
            host_ip=row.host_ip,
        )
        self.states[row.uuid] = state
        self._by_provider[row.provider_id] = state
        self._by_host.setdefault(row.host, []).append(state)
        state.aggregates = self._aggregates.get(row.host, NO_AGGREGATES)
        return state

    def _remove(self, uuid: str) -> None:
        state = self.states.pop(uuid, None)
        if state is not None:
            self._by_provider.pop(state.provider_id, None)
            self._by_host[state.host].remove(state)
            self._zoneless.discard(state.host)

    def _drop_deleted(self) -> None:
        for uuid in self.states.keys() - compute_node.uuids():
            LOG.info("Host %s was removed", self.states[uuid].host)
            self._remove(uuid)

    def _kind(self, row: Any) -> Hardware:
        """The one object for all hosts of this kind."""
        key = (
            row.hypervisor_type,
            row.hypervisor_version,
            row.supported_instances,
            row.cpu_info,
            row.capabilities,
        )
        kind = self._hardware.get(key)
        if kind is None:
            texts = [json.loads(text) if text else None for text in key[2:]]
            kind = self._hardware[key] = Hardware(
                hypervisor_type=row.hypervisor_type,
                hypervisor_version=row.hypervisor_version,
                supported_instances=texts[0] or [],
                cpu_info=texts[1] or {},
                capabilities=texts[2] or {},
            )
        return kind


def _sets_of(found: Collection[Mapping[str, Any]]) -> dict[str, AggregateSet]:
    """host -> its aggregates, one object for all hosts with the same ones."""
    by_id = {row["id"]: row["aggregate_metadata"] for row in found}
    ids_of: dict[str, tuple[int, ...]] = {}
    for row in found:
        for host in row["hosts"]:
            ids_of[host] = (*ids_of.get(host, ()), row["id"])
    sets: dict[tuple[int, ...], AggregateSet] = {}
    for ids in set(ids_of.values()):
        values: dict[str, set[str]] = {}
        for ident in ids:
            for key, text in by_id[ident].items():
                parts = {part.strip() for part in text.split(",")}
                values.setdefault(key, set()).update(parts)
        sets[ids] = AggregateSet(
            ids, {key: frozenset(all_) for key, all_ in values.items()}
        )
    return {host: sets[ids] for host, ids in ids_of.items()}


def _latest(
    known: datetime.datetime | None,
    moments: Iterable[datetime.datetime | None],
) -> datetime.datetime | None:
    return max(
        (moment for moment in (known, *moments) if moment is not None),
        default=None,
    )
