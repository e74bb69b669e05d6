# SPDX-License-Identifier: Apache-2.0
"""Decisions on a database: what is chosen, claimed, refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite.context import get_admin_context
from nova_lite.db import session
from nova_lite.db.repositories import compute_node, provider
from nova_lite.objects.compute_node import ComputeNode
from nova_lite.objects.request_spec import Destination
from nova_lite.scheduler.manager import SchedulerManager
from tests.fixtures import hosts

Select = Callable[..., list[Destination]]
CONTEXT = get_admin_context()
GROUP = "filter_scheduler"


def chosen(destinations: list[Destination]) -> list[str]:
    """Names of the hosts that were chosen."""
    return [d.selection.host for d in destinations]


def summary(destination: Destination) -> set[tuple[str, str, int]]:
    """Filter, reason and count of a refusal."""
    return {
        (row["filter"], row["reason"], row["count"])
        for row in destination.reasons
        if "count" in row
    }


def test_choice_is_claimed_with_alternates_and_limits(select: Select) -> None:
    hosts.seed(range(4))
    (found,) = select()
    assert (
        len({a.host for a in found.alternates} | {found.selection.host}) == 3
    )
    assert found.selection.availability_zone == "nova"
    assert found.selection.limits == {
        "VCPU": 64,
        "MEMORY_MB": 65536,
        "DISK_GB": 1000,
    }
    held = provider.allocations([found.instance_uuid])
    (resources,) = held[found.instance_uuid].values()
    assert resources == {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}


def test_servers_of_a_request_spread(select: Select) -> None:
    hosts.seed(range(4))
    assert set(Counter(chosen(select(8))).values()) == {2}


def test_servers_beyond_capacity_get_reasons_the_rest_is_claimed(
    select: Select,
) -> None:
    hosts.seed(range(2), memory_mb=1024)
    found = select(6)
    assert [d.selection is not None for d in found] == [True] * 4 + [False] * 2
    assert found[5].reasons[0]["reason"] == (
        "not enough memory: needs 512 MB, 0 free of 1024"
    )
    assert summary(found[5]) == {("resources", "not enough memory", 2)}
    used = provider.usages()
    assert [values["MEMORY_MB"] for values in used.values()] == [1024, 1024]


def test_every_host_says_why_not(select: Select) -> None:
    hosts.seed(range(6))
    hosts.set_service(0, disabled=True, disabled_reason="new fans")
    hosts.set_service(1, forced_down=True)
    hosts.set_service(2, last_seen_at=hosts.long_ago())
    hosts.set_service(3, availability_zone="south")
    (found,) = select(
        availability_zone="nova", flavor={"vcpus": 65}, ignore_hosts=["host-4"]
    )
    assert found.selection is None
    reasons = {
        row["host"]: (row["filter"], row["reason"].split(":")[0])
        for row in found.reasons
        if "host" in row
    }
    assert reasons == {
        "host-0": ("ComputeFilter", "disabled"),
        "host-1": ("ComputeFilter", "forced down"),
        "host-2": ("ComputeFilter", "down"),
        "host-3": (
            "AvailabilityZoneFilter",
            "not in availability zone nova",
        ),
        "host-4": ("ignore_hosts", "tried already"),
        "host-5": ("resources", "not enough VCPUs"),
    }
    assert sum(count for _, _, count in summary(found)) == 6


def test_reasons_are_bounded(select: Select) -> None:
    hosts.seed(range(150), memory_mb=1)
    (found,) = select()
    assert len(found.reasons) == 101
    assert summary(found) == {("resources", "not enough memory", 150)}


def test_no_hosts_at_all(select: Select) -> None:
    (found,) = select()
    assert summary(found) == {
        ("requested_destination", "no compute host has reported yet", 1)
    }


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"force_host": "host-0"}, "host-0"),
        ({"force_node": "node-0"}, "host-0"),
        ({"force_host": "host-0", "force_node": "node-1"}, None),
        ({"requested_host": "host-1"}, "host-1"),
        ({"requested_node": "node-1"}, "host-1"),
        ({"requested_host": "host-0"}, None),
        ({"requested_host": "host-9"}, None),
        ({"force_host": "host-1", "ignore_hosts": ["host-1"]}, None),
        ({"force_host": "host-0", "flavor": {"vcpus": 65}}, None),
    ],
)
def test_wishes(
    select: Select, wish: dict[str, Any], expected: str | None
) -> None:
    hosts.seed(range(3))
    hosts.set_service(0, disabled=True)
    (found,) = select(**wish)
    assert (found.selection and found.selection.host) == expected
    if expected is None:
        assert found.reasons


def test_asking_again_replaces_the_claim(select: Select) -> None:
    hosts.seed(range(1), memory_mb=512)
    (first,) = select()
    (again,) = select(instance_uuids=[first.instance_uuid])
    assert chosen([again]) == ["host-0"]
    assert [u["MEMORY_MB"] for u in provider.usages().values()] == [512]
    (other,) = select()
    assert other.selection is None
    provider.release([first.instance_uuid])
    # Within the age that the memory may have: a "no" looks again first.
    assert chosen(select()) == ["host-0"]


def test_reschedule_moves_the_claim(select: Select) -> None:
    hosts.seed(range(2))
    (first,) = select()
    (second,) = select(
        instance_uuids=[first.instance_uuid],
        ignore_hosts=[first.selection.host],
    )
    assert second.selection.host != first.selection.host
    held = provider.allocations([first.instance_uuid])
    assert len(held[first.instance_uuid]) == 1


def test_new_and_removed_hosts_are_noticed(
    select: Select, options: cfg.ConfigOpts
) -> None:
    options.set_override("host_state_max_age_s", 0.0, "scheduler")
    hosts.seed(range(1))
    assert chosen(select()) == ["host-0"]
    hosts.seed(range(1, 2), memory_mb=99999)
    assert chosen(select(requested_host="host-1")) == ["host-1"]
    with session.writer() as db:
        compute_node.delete_for_host(db, "host-0")
    assert chosen(select(3)) == ["host-1"] * 3
    assert select(force_host="host-0")[0].selection is None


def test_node_reported_before_its_service(
    select: Select, options: cfg.ConfigOpts
) -> None:
    options.set_override("host_state_max_age_s", 0.0, "scheduler")
    compute_node.report(hosts.node_row(0), hosts.inventories())
    (found,) = select()
    assert found.reasons[0]["filter"] == "ComputeFilter"
    with session.writer() as db:
        db.add(hosts.Service(**hosts.service_row(0)))
    assert chosen(select()) == ["host-0"]


def test_service_that_comes_back_is_used(
    select: Select, options: cfg.ConfigOpts
) -> None:
    options.set_override("host_state_max_age_s", 0.0, "scheduler")
    hosts.seed(range(1))
    for change, passes in (
        ({"disabled": True}, False),
        ({"disabled": False}, True),
        ({"last_seen_at": hosts.long_ago()}, False),
        ({"last_seen_at": hosts.now()}, True),
    ):
        hosts.set_service(0, **change)
        assert (select()[0].selection is not None) is passes


def test_failed_builds_weigh(select: Select, options: cfg.ConfigOpts) -> None:
    options.set_override("host_state_max_age_s", 0.0, "scheduler")
    hosts.seed(range(2))
    with session.writer() as db:
        compute_node.blame(db, "host-0")
    assert chosen(select(4)) == ["host-1"] * 4
    with session.writer() as db:
        compute_node.forgive(db, "host-0")
    assert chosen(select(4)) == ["host-0"] * 4


def test_hint_makes_a_grown_host_known_at_once(
    options: cfg.ConfigOpts,
) -> None:
    options.set_override("host_state_max_age_s", 60.0, "scheduler")
    hosts.seed(range(2))
    scheduler = SchedulerManager("scheduler")
    scheduler.init_host()
    row, stock = hosts.node_row(1), hosts.inventories(memory_mb=999999)
    assert compute_node.report(row, stock)
    scheduler.update_host_state(CONTEXT, ComputeNode(**row, inventories=stock))
    (found,) = scheduler.select_destinations(CONTEXT, hosts.request_spec())
    assert found.selection.host == "host-1"


def test_stale_memory_is_healed_by_the_conflict(
    options: cfg.ConfigOpts,
) -> None:
    options.set_override("host_state_max_age_s", 60.0, "scheduler")
    hosts.seed(range(2), memory_mb=1024)
    pair = [SchedulerManager("one"), SchedulerManager("two")]
    for scheduler in pair:
        scheduler.init_host()
    found = [
        pair[turn % 2].select_destinations(CONTEXT, hosts.request_spec())[0]
        for turn in range(5)
    ]
    names = [d.selection.host for d in found if d.selection]
    assert sorted(names) == ["host-0"] * 2 + ["host-1"] * 2
    assert summary(found[4]) == {("resources", "not enough memory", 2)}


def test_statements_of_a_decision(select: Select) -> None:
    hosts.seed(range(20))
    select()
    before = session.statements()
    select(20)
    # What they hold; what they hold again, a swap per host, one insert.
    assert session.statements() - before <= 2 + 20 + 1 + 2


def test_same_and_different_host(select: Select) -> None:
    hosts.seed(range(3))
    one, two = select(2)
    names = {one.selection.host, two.selection.host}
    same = {"same_host": [one.instance_uuid, two.instance_uuid]}
    assert set(chosen(select(4, scheduler_hints=same))) == names
    apart = {"different_host": one.instance_uuid}
    found = set(chosen(select(4, scheduler_hints=apart)))
    assert found == {f"host-{n}" for n in range(3)} - {one.selection.host}
    both = {"same_host": one.instance_uuid, **apart}
    (nowhere,) = select(scheduler_hints=both)
    assert summary(nowhere) == {
        (
            "SameHostFilter",
            "none of the servers of the hint same_host is on it",
            2,
        ),
        (
            "DifferentHostFilter",
            "a server of the hint different_host is on it",
            1,
        ),
    }
    (lost,) = select(scheduler_hints={"same_host": hosts.uuid_of(99)})
    assert lost.selection is None


def test_hosts_in_work_are_counted_for_who_asks(
    select: Select, options: cfg.ConfigOpts
) -> None:
    hosts.seed(range(2))
    options.set_override("enabled_filters", ["IoOpsFilter"], GROUP)
    options.set_override("max_io_ops_per_host", 2, GROUP)
    hosts.server_on("host-0", vm_state="building", task_state="spawning")
    hosts.server_on("host-0", vm_state="active", task_state="image_snapshot")
    hosts.server_on("host-1", vm_state="active")
    assert [d.selection and d.selection.host for d in select(3)] == [
        "host-1",
        "host-1",
        None,
    ]
