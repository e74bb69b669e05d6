# SPDX-License-Identifier: Apache-2.0
"""Weighers, and the order that they give."""

from __future__ import annotations

from collections import Counter

import pytest
from oslo_config import cfg

from nova_lite import exception
from nova_lite.scheduler.host_state import WORKING, Hardware, HostState
from nova_lite.scheduler.selection import Ranking, Selector
from tests.fixtures.hosts import request_spec

HARDWARE = Hardware("QEMU", 7002000)
NEEDS = {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}


def host(name: str, **free: int) -> HostState:
    """A host with so much free."""
    made = HostState(name, name, name, 1, HARDWARE, service=WORKING)
    capacity = {"VCPU": 8, "MEMORY_MB": 8192, "DISK_GB": 80, **free}
    made.set_stock(1, capacity, {})
    return made


def order(ranking: Ranking) -> list[str]:
    """Names of the hosts in which servers are placed, to the last place."""
    names = []
    while (taken := ranking.take(NEEDS, 0)) is not None:
        names.append(taken[0].host)
    return names


@pytest.mark.parametrize(
    ("multipliers", "best"),
    [
        ({"ram": 1, "cpu": 0, "disk": 0}, "ram"),
        ({"ram": 0, "cpu": 1, "disk": 0}, "cpu"),
        ({"ram": 0, "cpu": 0, "disk": 1}, "disk"),
        ({"ram": -1, "cpu": -1, "disk": 0}, "disk"),
        ({"ram": 2, "cpu": 1, "disk": 1}, "ram"),
    ],
)
def test_multipliers(
    options: cfg.ConfigOpts, multipliers: dict[str, float], best: str
) -> None:
    for name, value in multipliers.items():
        options.set_override(
            f"{name}_weight_multiplier", value, "filter_scheduler"
        )
    hosts = [
        host("cpu", VCPU=16),
        host("ram", MEMORY_MB=16384),
        host("disk", DISK_GB=160),
    ]
    spec = request_spec()
    taken = Selector().rank(hosts, spec, NEEDS).take(NEEDS, 2)
    assert taken is not None
    assert taken[0].host == best
    assert {h.host for h in taken[1]} == {"cpu", "ram", "disk"} - {best}


def test_host_with_failed_builds_comes_last(options: cfg.ConfigOpts) -> None:
    hosts = [host("bad", VCPU=64, MEMORY_MB=99999), host("good", VCPU=2)]
    hosts[0].failed_builds = 1
    ranking = Selector().rank(hosts, request_spec(), NEEDS)
    assert order(ranking)[:3] == ["good", "good", "bad"]


def test_equal_hosts_share_evenly(options: cfg.ConfigOpts) -> None:
    hosts = [host(f"h{i}") for i in range(5)]
    ranking = Selector().rank(hosts, request_spec(), NEEDS)
    names = order(ranking)
    assert len(names) == 40
    for begin in range(0, 40, 5):
        assert len(set(names[begin : begin + 5])) == 5


def test_negative_multipliers_fill_one_host_first(
    options: cfg.ConfigOpts,
) -> None:
    for name in ("ram", "cpu", "disk"):
        options.set_override(
            f"{name}_weight_multiplier", -1.0, "filter_scheduler"
        )
    hosts = [host(f"h{i}") for i in range(3)]
    names = order(Selector().rank(hosts, request_spec(), NEEDS))
    assert names == ["h0"] * 8 + ["h1"] * 8 + ["h2"] * 8


def test_subset_uses_all_of_the_best() -> None:
    firsts: Counter[str] = Counter()
    for _ in range(100):
        hosts = [host(f"h{i}") for i in range(4)]
        taken = Ranking(hosts, [], 3, shuffle=False).take(NEEDS, 0)
        assert taken is not None
        firsts[taken[0].host] += 1
    assert firsts.keys() == {"h0", "h1", "h2"}


def test_shuffle_mixes_equal_hosts_only(options: cfg.ConfigOpts) -> None:
    options.set_override(
        "shuffle_best_same_weighed_hosts", True, "filter_scheduler"
    )
    selector = Selector()
    firsts = set()
    for _ in range(100):
        hosts = [host("small", VCPU=1), *(host(f"h{i}") for i in range(3))]
        taken = selector.rank(hosts, request_spec(), NEEDS).take(NEEDS, 0)
        assert taken is not None
        firsts.add(taken[0].host)
    assert firsts == {"h0", "h1", "h2"}


def test_unknown_filter_is_named(options: cfg.ConfigOpts) -> None:
    options.set_override(
        "enabled_filters", ["ComputeFilter", "MoonFilter"], "filter_scheduler"
    )
    with pytest.raises(exception.ConfigurationError, match="MoonFilter"):
        Selector()
