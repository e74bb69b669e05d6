# SPDX-License-Identifier: Apache-2.0
"""Which hosts will do for a request, which is best, and why not.

Used by SchedulerManager under its lock; works on memory alone. What is the
same for many hosts is asked once, and hosts are kept in a heap, so that the
second server of a request costs next to nothing.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from oslo_config import cfg
from stevedore import named

from nova_lite import exception
from nova_lite.db.repositories.occupancy import Group
from nova_lite.objects.request_spec import RequestSpec
from nova_lite.scheduler import filters, neighbours, utils, weights
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.host_state import HostState
from nova_lite.scheduler.weights import HostWeigher

CONF = cfg.CONF

RESOURCES = "resources"
IGNORED = "ignore_hosts"
WISH = "requested_destination"


def _load(namespace: str, names: Sequence[str]) -> list[tuple[str, Any]]:
    """Make the named plug-ins, in order. Raises: ConfigurationError."""

    def missing(absent: Iterable[str]) -> None:
        raise exception.ConfigurationError(
            reason=f"no {', '.join(sorted(absent))} in {namespace}"
        )

    loaded = named.NamedExtensionManager(
        namespace,
        list(names),
        invoke_on_load=True,
        name_order=True,
        on_missing_entrypoints_callback=missing,
        on_load_failure_callback=_raise,
    )
    return [(found.name, found.obj) for found in loaded]


def _raise(_manager: Any, _entry_point: Any, error: BaseException) -> None:
    raise error


class Ranking:
    """Hosts that will do, best first.

    Measures are brought to 0..1 over the hosts of this request, once. A host
    that was given a server is weighed again on that same scale.
    """

    def __init__(
        self,
        hosts: Sequence[HostState],
        weighers: Sequence[HostWeigher],
        subset_size: int,
        shuffle: bool,
        group: Group | None = None,
        takes_more: Callable[[HostState], bool] | None = None,
    ) -> None:
        """``group``: no host is given that its policy forbids by then.

        ``takes_more``: asked of a host that was given a server.
        """
        self._takes_more = takes_more
        self._hosts = hosts
        self._group = group
        self._subset_size = subset_size
        self._scales: list[tuple[HostWeigher, float, float]] = []
        totals = [0.0] * len(hosts)
        for weigher in weighers:
            if not weigher.multiplier:
                continue
            values = [weigher.weigh(host) for host in hosts]
            low = min(values, default=0.0)
            span = max(values, default=0.0) - low
            self._scales.append((weigher, low, span))
            if span:
                factor = weigher.multiplier / span
                totals = [
                    total + (value - low) * factor
                    for total, value in zip(totals, values, strict=True)
                ]
        order = list(range(len(hosts)))
        if shuffle:
            random.shuffle(order)
        self._heap = [
            (-total, place, index)
            for index, (total, place) in enumerate(
                zip(totals, order, strict=True)
            )
        ]
        heapq.heapify(self._heap)

    def take(
        self, needs: dict[str, int], alternates: int
    ) -> tuple[HostState, list[HostState]] | None:
        """Give the best host a server; the next best are its alternates.

        None when no host is left that has room.
        """
        best = self._pop(self._subset_size)
        if not best:
            return None
        chosen = best.pop(random.randrange(len(best)))
        self._push(best)
        host = self._hosts[chosen[2]]
        host.consume(needs)
        if self._group is not None:
            self._group.add(host.provider_id)
        others = self._pop(alternates)
        self._push(others)
        if host.fits(needs) and (
            self._takes_more is None or self._takes_more(host)
        ):
            self._push([(-self._weigh(host), chosen[1], chosen[2])])
        return host, [self._hosts[entry[2]] for entry in others]

    def _pop(self, count: int) -> list[tuple[float, int, int]]:
        """The next best; what the group forbids is left out for good."""
        found: list[tuple[float, int, int]] = []
        while self._heap and len(found) < count:
            entry = heapq.heappop(self._heap)
            if not self._forbids(self._hosts[entry[2]]):
                found.append(entry)
        return found

    def _forbids(self, host: HostState) -> bool:
        if self._group is None:
            return False
        return self._group.refusal(host.provider_id) is not None

    def _push(self, entries: Sequence[tuple[float, int, int]]) -> None:
        for entry in entries:
            heapq.heappush(self._heap, entry)

    def _weigh(self, host: HostState) -> float:
        total = 0.0
        for place, (weigher, low, span) in enumerate(self._scales):
            above = weigher.weigh(host) - low
            if not span and above:
                # All hosts were alike: what one server takes is the unit.
                span = abs(above)
                self._scales[place] = (weigher, low, span)
            if span:
                total += weigher.multiplier * above / span
        return total


class Selector:
    """The configured filters and weighers."""

    def __init__(self) -> None:
        options = CONF.filter_scheduler
        self._filters: list[tuple[str, HostFilter]] = _load(
            filters.NAMESPACE, options.enabled_filters
        )
        self._weighers: list[HostWeigher] = [
            made
            for _, made in _load(weights.NAMESPACE, options.weight_classes)
        ]
        self.counts_io = any(f.counts_io for _, f in self._filters) or any(
            weigher.counts_io for weigher in self._weighers
        )
        self._subset_size: int = options.host_subset_size
        self._shuffle: bool = options.shuffle_best_same_weighed_hosts

    def rank(
        self,
        hosts: Sequence[HostState],
        spec: RequestSpec,
        needs: dict[str, int],
    ) -> Ranking:
        """The hosts that will do, best first."""
        left = _named(_not_ignored(hosts, spec), spec)
        for name, amount in needs.items():
            left = [h for h in left if h.free.get(name, 0) >= amount]
        asked = [host_filter for _, host_filter in self._asked(spec)]
        for host_filter in asked:
            left = _passing(host_filter, left, spec)
        weighers = [w.for_request(spec) for w in self._weighers]
        return Ranking(
            left,
            [weigher for weigher in weighers if weigher is not None],
            self._subset_size,
            self._shuffle,
            neighbours.of(spec).group,
            _takes_more([f for f in asked if f.counts_servers], spec),
        )

    def _asked(self, spec: RequestSpec) -> list[tuple[str, HostFilter]]:
        """The filters that have a say in a request."""
        forced = _is_forced(spec)
        return [
            (name, host_filter)
            for name, host_filter in self._filters
            if (host_filter.even_forced or not forced)
            and host_filter.concerns(spec)
        ]

    def explain(
        self,
        hosts: Sequence[HostState],
        spec: RequestSpec,
        needs: dict[str, int],
        most: int,
    ) -> list[dict[str, Any]]:
        """Why no host will do.

        At most ``most`` rows of host, node, filter and reason; then, for
        all hosts, rows of filter, reason (without its detail) and count.
        """
        concerned = _named(hosts, spec)
        if not concerned:
            return [_count(*_nobody(hosts, spec), 1)]
        rows: list[dict[str, Any]] = []
        counts: Counter[tuple[str, str]] = Counter()
        for host in concerned:
            name, reason = self._verdict(host, spec, needs)
            counts[name, reason.split(": ", 1)[0]] += 1
            if len(rows) < most:
                rows.append(
                    {
                        "host": host.host,
                        "node": host.node,
                        "filter": name,
                        "reason": reason,
                    }
                )
        return rows + [
            _count(name, reason, count)
            for (name, reason), count in counts.most_common()
        ]

    def refusal(
        self, hosts: Sequence[HostState], spec: RequestSpec, every: bool
    ) -> str | None:
        """Why the host that the request names may not have its server.

        Filters that count servers are not asked: it is there already. Not
        ``every`` other one, only those of the image.
        """
        named = _named(hosts, spec)
        if not named:
            return _nobody(hosts, spec)[1]
        for name, host_filter in self._filters:
            if not (every or host_filter.on_rebuild):
                continue
            if host_filter.counts_servers or not host_filter.concerns(spec):
                continue
            reason = host_filter.host_passes(named[0], spec)
            if reason is not None:
                return f"{name}: {reason}"
        return None

    def _verdict(
        self, host: HostState, spec: RequestSpec, needs: dict[str, int]
    ) -> tuple[str, str]:
        if host.host in spec.ignore_hosts:
            return IGNORED, "tried already: a build failed here"
        for name, host_filter in self._asked(spec):
            reason = host_filter.host_passes(host, spec)
            if reason is not None:
                return name, reason
        reason = utils.shortage(host, needs)
        # Room again by now: it was taken while this request looked.
        return RESOURCES, reason or "taken: others were faster"


def _takes_more(
    counting: Sequence[HostFilter], spec: RequestSpec
) -> Callable[[HostState], bool] | None:
    """Whether filters still pass a host; None where none counts servers."""
    if not counting:
        return None
    return lambda host: all(
        host_filter.host_passes(host, spec) is None for host_filter in counting
    )


def _count(name: str, reason: str, count: int) -> dict[str, Any]:
    return {"filter": name, "reason": reason, "count": count}


def _nobody(hosts: Sequence[HostState], spec: RequestSpec) -> tuple[str, str]:
    if not hosts:
        return WISH, "no compute host has reported yet"
    wishes = [
        name
        for name in (
            spec.force_host,
            spec.force_node,
            spec.requested_host,
            spec.requested_node,
        )
        if name
    ]
    return WISH, f"no compute host is called {' with '.join(wishes)}"


def _is_forced(spec: RequestSpec) -> bool:
    return bool(spec.force_host or spec.force_node)


def _not_ignored(
    hosts: Sequence[HostState], spec: RequestSpec
) -> Sequence[HostState]:
    if not spec.ignore_hosts:
        return hosts
    ignored = set(spec.ignore_hosts)
    return [host for host in hosts if host.host not in ignored]


def _named(
    hosts: Sequence[HostState], spec: RequestSpec
) -> Sequence[HostState]:
    """Those hosts that the request names, or all when it names none."""
    for name in {spec.force_host, spec.requested_host} - {None, ""}:
        hosts = [host for host in hosts if host.host == name]
    for name in {spec.force_node, spec.requested_node} - {None, ""}:
        hosts = [host for host in hosts if host.node == name]
    return hosts


def _passing(
    host_filter: HostFilter, hosts: Sequence[HostState], spec: RequestSpec
) -> Sequence[HostState]:
    passes = host_filter.host_passes
    if host_filter.looks_at is None:
        return [host for host in hosts if passes(host, spec) is None]
    value_of = attrgetter(host_filter.looks_at)
    samples = {value_of(host): host for host in hosts}
    good = {
        value for value, host in samples.items() if passes(host, spec) is None
    }
    if len(good) == len(samples):
        return hosts
    return [host for host in hosts if value_of(host) in good]
