# SPDX-License-Identifier: Apache-2.0
"""Each filter, as a table: host, request, reason."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite.scheduler import extra_specs
from nova_lite.scheduler.filters.availability_zone import (
    AvailabilityZoneFilter,
)
from nova_lite.scheduler.filters.cidr_affinity import (
    SimpleCIDRAffinityFilter,
)
from nova_lite.scheduler.filters.compute import ComputeFilter
from nova_lite.scheduler.filters.compute_capabilities import (
    ComputeCapabilitiesFilter,
)
from nova_lite.scheduler.filters.image_properties import (
    ImagePropertiesFilter,
)
from nova_lite.scheduler.filters.isolated_hosts import IsolatedHostsFilter
from nova_lite.scheduler.filters.json_query import JsonFilter
from nova_lite.scheduler.filters.load import IoOpsFilter, NumInstancesFilter
from nova_lite.scheduler.host_state import (
    ABSENT,
    WORKING,
    Hardware,
    HostState,
    ServiceState,
)
from tests.fixtures.hosts import request_spec

HARDWARE = Hardware(
    hypervisor_type="QEMU",
    hypervisor_version=7002005,
    supported_instances=[
        ["x86_64", "qemu", "hvm"],
        ["i686", "qemu", "hvm"],
        ["x86_64", "kvm", "hvm"],
    ],
    cpu_info={"arch": "x86_64", "features": ["avx2"], "cores": 4},
    capabilities={"ssd": True, "rack": "r12"},
)


def host(**values: Any) -> HostState:
    """A working host of zone "north"."""
    values = {"zone": "north", "service": WORKING, **values}
    return HostState("uuid", "host", "node", 1, HARDWARE, **values)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (None, None),
        ("", None),
        ("north", None),
        ("south", "not in availability zone south: it is in north"),
    ],
)
def test_availability_zone(wanted: str | None, reason: str | None) -> None:
    spec = request_spec(availability_zone=wanted)
    assert AvailabilityZoneFilter().host_passes(host(), spec) == reason


SEEN = datetime.datetime(2026, 5, 4, 3, 2, 1, 7, datetime.UTC)


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (WORKING, None),
        (ServiceState(disabled=True), "disabled"),
        (
            ServiceState(disabled=True, disabled_reason="new fans"),
            "disabled: new fans",
        ),
        (ServiceState(forced_down=True, silent=True), "forced down"),
        (
            ServiceState(silent=True, last_seen_at=SEEN),
            "down: no heartbeat since 2026-05-04T03:02:01+00:00",
        ),
        (ABSENT, "down: no compute service, or none that ever reported"),
    ],
)
def test_compute(service: ServiceState, reason: str | None) -> None:
    found = ComputeFilter().host_passes(host(service=service), request_spec())
    assert found == reason


@pytest.mark.parametrize(
    ("specs", "reason"),
    [
        ({}, None),
        ({"hw:cpu_policy": "dedicated", "quota:vif": "1"}, None),
        ({"capabilities:rack": "r12"}, None),
        ({"rack": "r12"}, None),
        ({"capabilities:ssd": "True"}, None),
        ({"capabilities:hypervisor_type": "s== QEMU"}, None),
        ({"capabilities:hypervisor_version": ">= 7000000"}, None),
        ({"capabilities:cpu_info:features": "<in> avx2"}, None),
        (
            {"capabilities:cpu_info:cores": ">= 8"},
            "capability capabilities:cpu_info:cores does not match: it is "
            "4, asked is '>= 8'",
        ),
        ({"gpu": "1"}, "capability gpu is missing"),
        (
            {"capabilities:rack:row": "1"},
            "capability capabilities:rack:row is missing",
        ),
    ],
)
def test_capabilities(specs: dict[str, str], reason: str | None) -> None:
    spec = request_spec(flavor={"extra_specs": specs})
    assert ComputeCapabilitiesFilter().host_passes(host(), spec) == reason


@pytest.mark.parametrize(
    ("value", "wanted", "matches"),
    [
        ("1", "1", True),
        ("1", "2", False),
        ("", "", True),
        ("123", "= 123", True),
        ("124", "= 123", True),
        ("122", "= 123", False),
        ("3", "== 3.0", True),
        ("3", "!= 3", False),
        ("3", ">= 2", True),
        ("3", "<= 2", False),
        ("word", ">= 2", False),
        ("3", ">=", False),
        ("ab", "s== ab", True),
        ("ab", "s!= ab", False),
        ("ab", "s< b", True),
        ("ab", "s> b", False),
        ("b", "s<= b", True),
        ("b", "s>= c", False),
        ("12311321", "<in> 11", True),
        ("12310321", "<in> 11", False),
        (["aes", "mmx"], "<all-in> aes mmx", True),
        ("['aes', 'mmx']", "<all-in> aes mmx", True),
        (["aes", "mmx"], "<all-in> aes avx", False),
        (5, "<in> 5", False),
        ("12", "<or> 11 <or> 12", True),
        ("13", "<or> 11 <or> 12", False),
        ("20", "<range-in> [ 10 20 ]", True),
        ("20", "<range-in> [ 10 20 )", False),
        ("10", "<range-in> ( 10 20 ]", False),
        ("15", "<range-in> ( 10.5 20 )", True),
        ("15", "<range-in> 10 20", False),
    ],
)
def test_extra_spec_operators(value: Any, wanted: str, matches: bool) -> None:
    assert extra_specs.match(value, wanted) is matches


VERSION_MISMATCH = "hypervisor version does not match: it is 7.2.5, the image "


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({}, None),
        ({"hw_disk_bus": "virtio"}, None),
        ({"hw_architecture": "x86_64"}, None),
        ({"hw_architecture": "AMD64"}, None),
        ({"architecture": "i386", "img_hv_type": "qemu"}, None),
        ({"img_hv_type": "KVM", "hw_vm_mode": "hvm"}, None),
        (
            {"hw_architecture": "aarch64"},
            "cannot run the image's architecture aarch64",
        ),
        (
            {"hw_architecture": "i686", "img_hv_type": "kvm"},
            "cannot run the image's architecture i686, hypervisor type kvm",
        ),
        ({"vm_mode": "xen"}, "cannot run the image's vm mode xen"),
        ({"img_hv_requested_version": ">=7.2"}, None),
        ({"img_hv_requested_version": ">=6.0, <8"}, None),
        ({"hypervisor_version_requires": "!=7.2.4"}, None),
        (
            {"img_hv_requested_version": ">=6.0,<7.2.5"},
            VERSION_MISMATCH + "asks for >=6.0,<7.2.5",
        ),
        (
            {"img_hv_requested_version": "newest"},
            "the image's img_hv_requested_version is not understood: newest",
        ),
    ],
)
def test_image_properties(
    properties: dict[str, str], reason: str | None
) -> None:
    spec = request_spec(image={"properties": properties})
    assert ImagePropertiesFilter().host_passes(host(), spec) == reason


@pytest.mark.parametrize(
    ("flavor", "needs"),
    [
        ({}, {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}),
        ({"root_gb": 0}, {"VCPU": 1, "MEMORY_MB": 512}),
        (
            {"ephemeral_gb": 2, "swap_mb": 1025},
            {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 5},
        ),
        (
            {"extra_specs": {"resources:VCPU": "0", "resources:VGPU": "2"}},
            {"MEMORY_MB": 512, "DISK_GB": 1, "VGPU": 2},
        ),
    ],
)
def test_needs(flavor: dict[str, Any], needs: dict[str, int]) -> None:
    assert request_spec(flavor=flavor).needs() == needs


@pytest.mark.parametrize(
    ("hints", "reason"),
    [
        ({}, None),
        ({"build_near_host_ip": "10.0.1.77"}, None),
        (
            {"build_near_host_ip": "10.0.2.1"},
            "its address is not in 10.0.2.0/24",
        ),
        ({"build_near_host_ip": "10.0.2.1", "cidr": "/16"}, None),
        (
            {"build_near_host_ip": "10.0.2.1", "cidr": "/77"},
            "no network can be made of the hints: 10.0.2.1/77",
        ),
        (
            {"build_near_host_ip": "fd00::1", "cidr": "/64"},
            "its address is not in fd00::/64",
        ),
    ],
)
def test_cidr_affinity(hints: dict[str, str], reason: str | None) -> None:
    spec = request_spec(scheduler_hints=hints)
    found = SimpleCIDRAffinityFilter()
    assert found.host_passes(host(host_ip="10.0.1.5"), spec) == reason
    assert found.concerns(spec) == bool(hints)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (None, None),
        (["=", "$host", "host"], None),
        ('["=", "$nodename", "node"]', None),
        (["and", [">=", "$free_ram_mb", 512], ["<", "$vcpus_used", 9]], None),
        (["or", [">", "$free_ram_mb", 9999], ["=", 1, 1]], None),
        (["not", ["=", "$host", "other"]], None),
        (["in", "$host", "a", "host"], None),
        (["<", "$host", 1], "it does not meet the hint query"),
        (["=", "$host", "other"], "it does not meet the hint query"),
        ("{", "the hint query is not understood: it is no JSON"),
        (
            ["=", "$colour", 1],
            "the hint query is not understood: there is no $colour",
        ),
        (
            ["like", "$host", "h"],
            "the hint query is not understood: there is no operator like",
        ),
        (["="], "the hint query is not understood: = needs values"),
        (
            '["not",' * 25 + "1" + "]" * 25,
            "the hint query is not understood: it is nested too deeply",
        ),
    ],
)
def test_json(query: Any, reason: str | None) -> None:
    spec = request_spec(scheduler_hints={"query": query} if query else {})
    state = host()
    state.set_stock(1, {"MEMORY_MB": 1024, "VCPU": 8}, {"VCPU": 2})
    assert JsonFilter().host_passes(state, spec) == reason


def test_load(options: cfg.ConfigOpts) -> None:
    options.set_override("max_io_ops_per_host", 3, "filter_scheduler")
    options.set_override("max_instances_per_host", 5, "filter_scheduler")
    state, spec = host(num_io_ops=2, num_instances=4), request_spec()
    assert IoOpsFilter().host_passes(state, spec) is None
    assert NumInstancesFilter().host_passes(state, spec) is None
    state.consume({})
    assert IoOpsFilter().host_passes(state, spec) == (
        "too many servers in work: 3 of 3"
    )
    assert NumInstancesFilter().host_passes(state, spec) == (
        "too many servers: 5 of 5"
    )


@pytest.mark.parametrize(
    ("image", "hosts", "restricts", "reason"),
    [
        ("one", ["host"], True, None),
        ("one", ["other"], True, "the image is for isolated hosts"),
        ("two", ["host"], True, "the host is for isolated images"),
        ("two", ["host"], False, None),
        ("two", ["other"], True, None),
    ],
)
def test_isolated_hosts(
    options: cfg.ConfigOpts,
    image: str,
    hosts: list[str],
    restricts: bool,
    reason: str | None,
) -> None:
    for name, value in (
        ("isolated_images", ["one"]),
        ("isolated_hosts", hosts),
        ("restrict_isolated_hosts_to_isolated_images", restricts),
    ):
        options.set_override(name, value, "filter_scheduler")
    spec = request_spec(image={"id": image})
    assert IsolatedHostsFilter().host_passes(host(), spec) == reason
