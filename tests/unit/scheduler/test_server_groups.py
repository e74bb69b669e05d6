# SPDX-License-Identifier: Apache-2.0
"""Server groups in one scheduler: each policy, one request after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite.context import get_admin_context
from nova_lite.db import session
from nova_lite.db.repositories import occupancy, provider
from nova_lite.objects.request_spec import Destination
from nova_lite.scheduler.manager import SchedulerManager
from tests.fixtures import groups, hosts

Place = Callable[..., list[Destination]]


@pytest.fixture
def place(options: cfg.ConfigOpts) -> Place:
    """Ask one scheduler for hosts of new members of a group."""
    made: list[SchedulerManager] = []

    def ask(group: str, count: int = 1, **values: Any) -> list[Destination]:
        if not made:
            made.append(SchedulerManager("scheduler"))
        spec = groups.request_spec(group, count, **values)
        return made[0].select_destinations(get_admin_context(), spec)

    return ask


def names(found: list[Destination]) -> list[str | None]:
    """The host of each server."""
    return [d.selection.host if d.selection else None for d in found]


def reasons(found: Destination) -> set[tuple[str, str, int]]:
    """What a tenant is told: filter, reason, number of hosts."""
    return {
        (row["filter"], row["reason"], row["count"])
        for row in found.reasons
        if "count" in row
    }


def test_affinity_in_one_request(place: Place) -> None:
    hosts.seed(range(4))
    group = groups.make("affinity")
    first = names(place(group, 3))
    assert len(set(first)) == 1
    assert names(place(group, 2)) == first[:2]


def test_affinity_says_that_its_host_is_full(place: Place) -> None:
    hosts.seed(range(3), memory_mb=1024)
    group = groups.make("affinity")
    found = place(group, 3)
    assert len(set(names(found[:2]))) == 1
    assert found[2].selection is None
    assert reasons(found[2]) == {
        ("resources", "not enough memory", 1),
        (
            "ServerGroupAffinityFilter",
            "the servers of its group are on another host",
            2,
        ),
    }


def test_affinity_offers_no_alternate_elsewhere(place: Place) -> None:
    hosts.seed(range(4))
    group = groups.make("affinity")
    place(group)
    (second,) = place(group)
    assert second.alternates == []


def test_anti_affinity_in_one_request(place: Place) -> None:
    hosts.seed(range(3))
    group = groups.make("anti-affinity")
    found = place(group, 4)
    assert sorted(map(str, names(found[:3]))) == ["host-0", "host-1", "host-2"]
    assert reasons(found[3]) == {
        (
            "ServerGroupAntiAffinityFilter",
            "no room for one more server of its group",
            3,
        )
    }


def test_anti_affinity_over_several_requests(place: Place) -> None:
    hosts.seed(range(3))
    group = groups.make("anti-affinity")
    taken = [names(place(group))[0] for _ in range(4)]
    assert len(set(taken[:3])) == 3
    assert taken[3] is None


def test_anti_affinity_with_two_on_a_host(place: Place) -> None:
    hosts.seed(range(3))
    group = groups.make("anti-affinity", max_server_per_host=2)
    taken = names(place(group, 5)) + names(place(group, 2))
    assert sorted(Counter(taken).items(), key=str) == [
        ("host-0", 2),
        ("host-1", 2),
        ("host-2", 2),
        (None, 1),
    ]


@pytest.mark.parametrize("policy", ["affinity", "anti-affinity"])
def test_a_named_host_is_no_way_round(place: Place, policy: str) -> None:
    hosts.seed(range(2))
    group = groups.make(policy)
    (first,) = names(place(group))
    (other,) = {"host-0", "host-1"} - {first}
    wrong, right = (other, first) if policy == "affinity" else (first, other)
    assert names(place(group, force_host=wrong)) == [None]
    assert names(place(group, force_host=right)) == [right]


def test_a_server_asked_for_again_is_not_in_its_own_way(
    place: Place,
) -> None:
    hosts.seed(range(1))
    group = groups.make("anti-affinity")
    spec = groups.request_spec(group)
    scheduler = SchedulerManager("scheduler")
    for _ in range(2):
        found = scheduler.select_destinations(get_admin_context(), spec)
        assert names(found) == ["host-0"]


def test_soft_affinity_stays_while_there_is_room(place: Place) -> None:
    hosts.seed(range(3), memory_mb=1024)
    group = groups.make("soft-affinity")
    first = names(place(group, 2))
    assert len(set(first)) == 1
    assert names(place(group)) not in ([None], first[:1])


def test_soft_anti_affinity_spreads_and_then_shares(place: Place) -> None:
    hosts.seed(range(2))
    hosts.seed(range(2, 3), memory_mb=1_000_000, vcpus=900)
    group = groups.make("soft-anti-affinity")
    taken = names(place(group, 3)) + [names(place(group))[0] for _ in "abc"]
    assert set(Counter(taken).values()) == {2}


def test_a_group_that_is_gone_forbids_nothing(place: Place) -> None:
    hosts.seed(range(1))
    spec = hosts.request_spec(2, scheduler_hints={"group": hosts.uuid_of(77)})
    scheduler = SchedulerManager("scheduler")
    found = scheduler.select_destinations(get_admin_context(), spec)
    assert names(found) == ["host-0"] * 2


def test_statements_of_a_group(place: Place) -> None:
    hosts.seed(range(20))
    group = groups.make("anti-affinity")
    before, former = session.statements(), 0
    for size in (1, 1, 10):
        spec = groups.request_spec(group, size)
        before = session.statements()
        SchedulerManager("scheduler").select_destinations(
            get_admin_context(), spec
        )
        used = session.statements() - before - size
        # As many whatever the members: one read, one swap of the group.
        assert former in (0, used)
        former = used


def alternate(group: str, number: int, server: str) -> bool:
    """What conductor does with an alternate."""
    return provider.try_claim(
        hosts.uuid_of(number), server, {"VCPU": 1}, group
    )


def test_an_alternate_obeys_anti_affinity(options: cfg.ConfigOpts) -> None:
    hosts.seed(range(2))
    group = groups.make("anti-affinity")
    first, second = groups.request_spec(group, 2).instance_uuids
    assert alternate(group, 0, first)
    assert not alternate(group, 0, second)
    assert alternate(group, 1, second)
    assert not alternate(group, 1, first)
    assert len(provider.allocations([first])) == 1


def test_an_alternate_obeys_affinity(options: cfg.ConfigOpts) -> None:
    hosts.seed(range(2))
    group = groups.make("affinity")
    first, second = groups.request_spec(group, 2).instance_uuids
    assert alternate(group, 0, first)
    assert alternate(group, 1, first)
    assert not alternate(group, 0, second)
    assert alternate(group, 1, second)


def test_a_claim_over_an_old_group_is_refused(
    options: cfg.ConfigOpts,
) -> None:
    hosts.seed(range(2))
    group = groups.make("anti-affinity")
    first, second = groups.request_spec(group, 2).instance_uuids
    seen = occupancy.group(group)
    assert seen is not None
    ids = sorted(provider.stocks())
    needs = {"VCPU": 1}
    assert not provider.claim({first: provider.Claim(ids[0], 0, needs)}, seen)
    assert provider.claim(
        {second: provider.Claim(ids[1], 0, needs)}, seen
    ) == {second}
    assert provider.allocations([second]) == {}
