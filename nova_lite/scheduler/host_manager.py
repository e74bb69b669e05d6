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
from collections.abc import Collection, Iterable
from typing import Any

from oslo_log import log as logging

from nova_lite.db.repositories import compute_node, provider
from nova_lite.scheduler.host_state import Hardware, HostState

LOG = logging.getLogger(__name__)

# Writers' clocks may differ and a transaction may commit late: changes are
# read again this far back. A heartbeat that is missed comes again anyway.
_OVERLAP = datetime.timedelta(seconds=10)
_HEARTBEAT_OVERLAP = datetime.timedelta(seconds=2)


class HostManager:
    """All hosts, by compute node uuid.

    ``max_age_s``: how old the memory may be before a decision.
    ``reload_s``: after which time ``maintain`` reads everything anew.
    """

    def __init__(self, max_age_s: float, reload_s: float) -> None:
        self.states: dict[str, HostState] = {}
        self._by_provider: dict[int, HostState] = {}
        self._by_host: dict[str, list[HostState]] = {}
        self._services: dict[str, Any] = {}
        self._hardware: dict[tuple[Any, ...], Hardware] = {}
        self._max_age_s = max_age_s
        self._reload_s = reload_s
        self._read_at = 0.0
        self._loaded_at = 0.0
        self._hinted = True
        self._marks: dict[str, datetime.datetime] = {}

    def invalidate(self) -> None:
        """Forget all; the next look reads every host."""
        self._loaded_at = 0.0

    def hint(self) -> None:
        """Something changed: look before the next decision."""
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
        """Catch up, and now and then read everything anew."""
        if time.monotonic() - self._loaded_at > self._reload_s:
            self.invalidate()
        self.catch_up(force=True)

    def catch_up(self, force: bool = False) -> None:
        """Read what changed, unless that was done a moment ago."""
        begun = time.monotonic()
        if not self._loaded_at:
            self._load()
            self._loaded_at = begun
        elif force or self._hinted or begun - self._read_at >= self._max_age_s:
            self._read_changes()
        else:
            return
        self._hinted = False
        self._read_at = begun

    def reread(self, provider_ids: Collection[int]) -> None:
        """Read generation, capacity and usage of these providers now."""
        for provider_id, stock in provider.stocks(provider_ids).items():
            state = self._by_provider.get(provider_id)
            if state is not None:
                state.set_stock(stock.generation, stock.capacity, stock.used)

    def _load(self) -> None:
        self.states.clear()
        self._by_provider.clear()
        self._by_host.clear()
        self._services.clear()
        self._hardware.clear()
        self._marks.clear()
        self._note_services(compute_node.services_changed_since(None))
        # Before the stock is read, so that no change falls in between.
        for row in provider.generations_since(datetime.datetime.min):
            self._mark("providers", row[2])
        self._note_nodes(compute_node.changed_since(None))
        for provider_id, stock in provider.stocks().items():
            state = self._by_provider.get(provider_id)
            if state is not None:
                state.set_stock(stock.generation, stock.capacity, stock.used)
        LOG.info("The scheduler knows %d hosts", len(self.states))

    def _read_changes(self) -> None:
        since = self._marks.get("services")
        self._note_services(
            compute_node.services_changed_since(
                since and since - _HEARTBEAT_OVERLAP
            )
        )
        since = self._marks.get("nodes")
        new = self._note_nodes(
            compute_node.changed_since(since and since - _OVERLAP)
        )
        since = self._marks.get("providers")
        for provider_id, generation, updated_at in provider.generations_since(
            since - _OVERLAP if since else datetime.datetime.min
        ):
            self._mark("providers", updated_at)
            state = self._by_provider.get(provider_id)
            if state is not None and state.generation != generation:
                new.add(provider_id)
        if new:
            self.reread(new)
        if compute_node.count() != len(self.states):
            self._drop_deleted()

    def _mark(self, name: str, *moments: datetime.datetime | None) -> None:
        for moment in moments:
            if moment is not None:
                known = self._marks.get(name)
                self._marks[name] = max(known, moment) if known else moment

    def _note_services(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._services[row.host] = row
            self._mark(
                "services", row.last_seen_at, row.updated_at, row.created_at
            )
            for state in self._by_host.get(row.host, ()):
                _set_service(state, row)

    def _note_nodes(self, rows: Iterable[Any]) -> set[int]:
        """Take over nodes; returns providers whose stock is not known."""
        new = set()
        for row in rows:
            self._mark("nodes", row.updated_at)
            state = self.states.get(row.uuid)
            if state is None or state.host != row.host:
                state = self._add(row)
                new.add(state.provider_id)
            state.hardware = self._kind(row)
            state.failed_builds = row.failed_builds
            state.num_instances = row.running_vms
        return new

    def _add(self, row: Any) -> HostState:
        self._remove(row.uuid)
        state = HostState(
            row.uuid, row.host, row.node, row.provider_id, self._kind(row)
        )
        self.states[row.uuid] = state
        self._by_provider[row.provider_id] = state
        self._by_host.setdefault(row.host, []).append(state)
        service = self._services.get(row.host)
        if service is not None:
            _set_service(state, service)
        return state

    def _remove(self, uuid: str) -> None:
        state = self.states.pop(uuid, None)
        if state is not None:
            self._by_provider.pop(state.provider_id, None)
            self._by_host[state.host].remove(state)

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


def _set_service(state: HostState, row: Any) -> None:
    state.zone = row.availability_zone
    state.disabled = row.disabled
    state.disabled_reason = row.disabled_reason
    state.forced_down = row.forced_down
    seen = row.last_seen_at
    state.last_seen_at = seen.timestamp() if seen is not None else 0.0
