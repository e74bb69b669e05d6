# SPDX-License-Identifier: Apache-2.0
"""Aggregates in the scheduler: what hosts know of them, and the filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from oslo_config import cfg

from nova_lite.context import get_admin_context
from nova_lite.db import session
from nova_lite.db.repositories import aggregate
from nova_lite.objects.request_spec import Destination
from nova_lite.scheduler.filters import HostFilter
from nova_lite.scheduler.filters.aggregate_image_properties_isolation import (
    AggregateImagePropertiesIsolation,
)
from nova_lite.scheduler.filters.aggregate_instance_extra_specs import (
    AggregateInstanceExtraSpecsFilter,
)
from nova_lite.scheduler.filters.aggregate_multitenancy_isolation import (
    AggregateMultiTenancyIsolation,
)
from nova_lite.scheduler.filters.aggregate_type_affinity import (
    AggregateTypeAffinityFilter,
)
from nova_lite.scheduler.host_manager import HostManager
from nova_lite.scheduler.host_state import (
    WORKING,
    AggregateSet,
    Hardware,
    HostState,
)
from nova_lite.scheduler.manager import SchedulerManager
from tests.fixtures import hosts

Select = Callable[..., list[Destination]]
CONTEXT = get_admin_context()


def make(name: str, *members: int, **metadata: str) -> int:
    """An aggregate of the numbered hosts; its id."""
    with session.writer() as db:
        ident: int = aggregate.create(db, name, None)["id"]
        if metadata:
            aggregate.update(db, ident, action="test", metadata=metadata)
        for number in members:
            aggregate.add_host(db, ident, f"host-{number}")
    return ident


def change(ident: int, **metadata: str | None) -> None:
    with session.writer() as db:
        aggregate.update(db, ident, action="test", metadata=metadata)


# --- the filters ---


def host(**metadata: set[str]) -> HostState:
    """A host in aggregates with this metadata."""
    hardware = Hardware("QEMU", 7002000)
    state = HostState("uuid", "host", "node", 1, hardware, service=WORKING)
    values = {key: frozenset(found) for key, found in metadata.items()}
    state.aggregates = AggregateSet((1,), values)
    return state


@pytest.fixture
def isolation(
    options: cfg.ConfigOpts,
) -> Callable[..., HostFilter]:
    """Makes the image filter with a namespace."""

    def made(namespace: str = "", separator: str = ".") -> HostFilter:
        prefix = "aggregate_image_properties_isolation_"
        group = "filter_scheduler"
        options.set_override(prefix + "namespace", namespace, group)
        options.set_override(prefix + "separator", separator, group)
        return AggregateImagePropertiesIsolation()

    return made


@pytest.mark.parametrize(
    ("specs", "metadata", "reason"),
    [
        ({}, {}, None),
        ({"hw:cpu_policy": "dedicated"}, {}, None),
        ({"ssd": "true"}, {"ssd": {"true"}}, None),
        (
            {"aggregate_instance_extra_specs:ssd": "true"},
            {"ssd": {"true", "false"}},
            None,
        ),
        ({"rank": ">= 3"}, {"rank": {"2", "4"}}, None),
        ({"ssd": "true"}, {}, "no aggregate has extra spec ssd"),
        (
            {"aggregate_instance_extra_specs:rack:row": "1"},
            {"rack": {"1"}},
            "no aggregate has extra spec rack:row",
        ),
        (
            {"ssd": "true"},
            {"ssd": {"maybe", "false"}},
            "no aggregate matches extra spec ssd: asked is 'true', found "
            "false, maybe",
        ),
    ],
)
def test_extra_specs(
    specs: dict[str, str],
    metadata: Mapping[str, set[str]],
    reason: str | None,
) -> None:
    spec = hosts.request_spec(flavor={"extra_specs": specs})
    found = AggregateInstanceExtraSpecsFilter().host_passes(
        host(**metadata), spec
    )
    assert found == reason


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({}, None),
        ({"filter_tenant_id": {"p", "q"}}, None),
        ({"filter_tenant_id": {"q"}}, "kept for other projects"),
    ],
)
def test_multitenancy(
    metadata: Mapping[str, set[str]], reason: str | None
) -> None:
    found = AggregateMultiTenancyIsolation().host_passes(
        host(**metadata), hosts.request_spec(project_id="p")
    )
    assert found == reason


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({}, None),
        ({"instance_type": {"tiny", "small"}}, None),
        ({"instance_type": {"big"}}, "kept for other flavors"),
    ],
)
def test_type_affinity(
    metadata: Mapping[str, set[str]], reason: str | None
) -> None:
    spec = hosts.request_spec(flavor={"name": "tiny"})
    found = AggregateTypeAffinityFilter().host_passes(host(**metadata), spec)
    assert found == reason


@pytest.mark.parametrize(
    ("namespace", "metadata", "passes"),
    [
        ("", {}, True),
        ("", {"os_distro": {"debian", "fedora"}}, True),
        ("", {"other": {"x"}}, True),
        ("", {"os_distro": {"windows"}}, False),
        ("img", {"os_distro": {"windows"}}, True),
        ("img", {"img.kind": {"b"}}, False),
        ("img", {"img.kind": {"a"}}, True),
    ],
)
def test_image_properties(
    isolation: Callable[..., HostFilter],
    namespace: str,
    metadata: Mapping[str, set[str]],
    passes: bool,
) -> None:
    properties = {"os_distro": "debian", "img.kind": "a"}
    spec = hosts.request_spec(image={"properties": properties})
    found = isolation(namespace).host_passes(host(**metadata), spec)
    assert (found is None) is passes


# --- what hosts know ---


@pytest.fixture
def manager(options: cfg.ConfigOpts) -> HostManager:
    """Four hosts in memory, looked at before each decision."""
    hosts.seed(range(4))
    made = HostManager(max_age_s=0.0, reload_s=3600, down_time_s=60)
    made.catch_up()
    return made


def sets(manager: HostManager) -> dict[str, AggregateSet]:
    manager.catch_up()
    return {state.host: state.aggregates for state in manager.states.values()}


def test_hosts_of_the_same_aggregates_share_one_object(
    manager: HostManager,
) -> None:
    first = make("first", 0, 1, 2, disk="ssd, nvme")
    second = make("second", 1, 2, disk="hdd")
    found = sets(manager)
    assert found["host-0"].metadata == {"disk": {"ssd", "nvme"}}
    assert found["host-1"] is found["host-2"]
    assert found["host-1"].ids == (first, second)
    assert found["host-1"].metadata == {"disk": {"ssd", "nvme", "hdd"}}
    assert found["host-3"].metadata == {}


def test_each_change_is_noticed(manager: HostManager) -> None:
    ident = make("one", 0, disk="ssd")
    assert sets(manager)["host-0"].metadata == {"disk": {"ssd"}}
    change(ident, disk="hdd")
    assert sets(manager)["host-0"].metadata == {"disk": {"hdd"}}
    with session.writer() as db:
        aggregate.remove_host(db, ident, "host-0", "nova")
    assert sets(manager)["host-0"].metadata == {}
    with session.writer() as db:
        aggregate.delete(db, ident)
    again = make("two", 0, disk="nvme")
    assert sets(manager)["host-0"].ids == (again,)


def test_without_a_change_nothing_is_read(manager: HostManager) -> None:
    make("one", 0, 1)
    sets(manager)
    before = session.statements()
    manager.catch_up()
    quiet = session.statements() - before
    make("two", 2)
    before = session.statements()
    manager.catch_up()
    # BEGIN, aggregates, their hosts; BEGIN, the zones of all.
    assert session.statements() - before == quiet + 5


def test_zone_follows_the_aggregate(
    select: Select, options: cfg.ConfigOpts
) -> None:
    options.set_override("host_state_max_age_s", 0.0, "scheduler")
    hosts.seed(range(2))
    (found,) = select(availability_zone="north")
    assert found.selection is None
    ident = make("north", 1, availability_zone="north")
    (found,) = select(availability_zone="north")
    assert found.selection.host == "host-1"
    assert found.selection.availability_zone == "north"
    with session.writer() as db:
        aggregate.remove_host(db, ident, "host-1", "nova")
    (found,) = select(availability_zone="north")
    assert found.selection is None


def test_hint_is_heeded_at_once(options: cfg.ConfigOpts) -> None:
    options.set_override("host_state_max_age_s", 60.0, "scheduler")
    hosts.seed(range(2))
    scheduler = SchedulerManager("scheduler")
    spec = hosts.request_spec()
    scheduler.select_destinations(CONTEXT, spec)
    hosts.set_service(0, disabled=True)
    scheduler.hosts_changed(CONTEXT)
    found = scheduler.select_destinations(CONTEXT, hosts.request_spec(4))
    assert {one.selection.host for one in found} == {"host-1"}


def test_filters_are_found_by_name(
    select: Select, options: cfg.ConfigOpts
) -> None:
    options.set_override(
        "enabled_filters",
        [
            "AggregateImagePropertiesIsolation",
            "AggregateInstanceExtraSpecsFilter",
            "AggregateMultiTenancyIsolation",
            "AggregateTypeAffinityFilter",
        ],
        "filter_scheduler",
    )
    hosts.seed(range(4))
    make("fast", 2, ssd="true")
    found = select(3, flavor={"extra_specs": {"ssd": "true"}})
    assert {one.selection.host for one in found} == {"host-2"}
    (found_none,) = select(flavor={"extra_specs": {"ssd": "no"}})
    counts = {
        (row["filter"], row["reason"], row["count"])
        for row in found_none.reasons
        if "count" in row
    }
    assert counts == {
        (
            "AggregateInstanceExtraSpecsFilter",
            "no aggregate has extra spec ssd",
            3,
        ),
        (
            "AggregateInstanceExtraSpecsFilter",
            "no aggregate matches extra spec ssd",
            1,
        ),
    }
