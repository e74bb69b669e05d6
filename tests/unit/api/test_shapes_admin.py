# SPDX-License-Identifier: Apache-2.0
"""What administrators' resources answer, at each version.

The table is upstream's facts: the names in each answer, and how they nest.
Each row is asked at the first and the last version of each form it has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from nova_lite.api.openstack.microversions import MAX, parse
from tests.fixtures import admin_cloud
from tests.fixtures.admin_cloud import filled
from tests.fixtures.compute_api import IMAGE, ComputeAPI
from tests.fixtures.shapes import Names, key, of, shape, without

YEAR = "start=2026-01-01T00:00:00"

LINK = of("rel href")
TYPED_LINK = of("rel href type")
NEXT = [LINK]

HYPERVISOR = of("id hypervisor_hostname state status")
WITH_SERVERS = {**HYPERVISOR, "servers": [of("name uuid")]}
FACTS_28 = of(
    "hypervisor_type hypervisor_version host_ip vcpus memory_mb local_gb "
    "vcpus_used memory_mb_used local_gb_used free_ram_mb free_disk_gb "
    "current_workload running_vms disk_available_least",
    service=of("id host disabled_reason"),
    cpu_info=of("arch"),
)
HYPERVISOR_28 = {**HYPERVISOR, **FACTS_28}
HYPERVISOR_21 = {**HYPERVISOR_28, "cpu_info": ""}
HYPERVISOR_88 = {
    **HYPERVISOR,
    **of(
        "hypervisor_type hypervisor_version host_ip uptime",
        service=of("id host disabled_reason"),
    ),
}
STATISTICS = of(
    "count vcpus memory_mb local_gb vcpus_used memory_mb_used local_gb_used "
    "free_ram_mb free_disk_gb current_workload running_vms "
    "disk_available_least"
)

SERVICE_21 = of("id binary host zone status state updated_at disabled_reason")
SERVICE_211 = {**SERVICE_21, "forced_down": ""}

NEW_21 = of(
    "id name availability_zone created_at updated_at deleted deleted_at"
)
AGGREGATE_21 = {**NEW_21, "hosts": [""], "metadata": of("rack")}
NEW_41 = {**NEW_21, "uuid": ""}
EMPTY: Names = {"hosts": [], "metadata": {}}
AGGREGATE_41 = {**AGGREGATE_21, "uuid": ""}

GROUP_21 = of("id name", policies=[""], metadata={}, members=[])
GROUP_213 = {**GROUP_21, **of("project_id user_id")}
GROUP_264 = of(
    "id name policy project_id user_id",
    rules=of("max_server_per_host"),
    members=[],
)

COUNTED = of(
    "cores instances key_pairs metadata_items ram server_group_members "
    "server_groups"
)
INJECTED = of(
    "injected_file_content_bytes injected_file_path_bytes injected_files"
)
NETWORK = of("fixed_ips floating_ips security_group_rules security_groups")
IN_USE = of("in_use limit reserved")
CLASS_21 = {
    **without(COUNTED, "server_group_members", "server_groups"),
    **INJECTED,
    **NETWORK,
}

ABSOLUTE_57 = of(
    "maxTotalInstances maxTotalCores maxTotalRAMSize maxTotalKeypairs "
    "maxServerMeta maxServerGroups maxServerGroupMembers totalInstancesUsed "
    "totalCoresUsed totalRAMUsed totalServerGroupsUsed"
)
ABSOLUTE_39 = {**ABSOLUTE_57, **of("maxPersonality maxPersonalitySize")}
ABSOLUTE_36 = {**ABSOLUTE_39, "maxImageMeta": ""}
ABSOLUTE_21 = {
    **ABSOLUTE_36,
    **of(
        "maxSecurityGroups maxSecurityGroupRules maxTotalFloatingIps "
        "totalSecurityGroupsUsed totalFloatingIpsUsed"
    ),
}

USAGE = of(
    "tenant_id start stop total_hours total_vcpus_usage "
    "total_memory_mb_usage total_local_gb_usage"
)
DETAILED_USAGE = {
    **USAGE,
    "server_usages": [
        of(
            "instance_id tenant_id name state flavor hours vcpus memory_mb "
            "local_gb started_at ended_at uptime"
        )
    ],
}
AUDIT = of(
    "period_beginning period_ending num_hosts num_hosts_done "
    "num_hosts_running num_hosts_not_run total_instances total_errors "
    "overall_status",
    hosts_not_run=[""],
    log={},
)

EXTENSION = of("alias name description namespace updated", links=[])
IMAGE_LINKS = [LINK, TYPED_LINK]
IMAGE_BRIEF = of("id name", links=IMAGE_LINKS)
IMAGE_FULL = {
    **IMAGE_BRIEF,
    **of(
        "minRam minDisk created updated status progress OS-EXT-IMG-SIZE:size",
        metadata={},
    ),
}
VERSION = of("id status version min_version updated", links=[LINK])
MEDIA = [of("base type")]
VERSION_DETAIL = {
    **VERSION,
    "links": [LINK, TYPED_LINK],
    "media-types": MEDIA,
}
CHOICE = of("id status", links=[LINK])
CHOICE["media-types"] = MEDIA

RESOURCE = of("host project cpu memory_mb disk_gb")
ZONE = of("zoneName hosts", zoneState=of("available"))
HEALTH = of("active available updated_at")
INTERNAL_ZONE = {**ZONE, "hosts": {"ctl": {"nova-scheduler": HEALTH}}}
COMPUTES = {host: {"nova-compute": HEALTH} for host in ("one", "two")}

# What a row is: the verb and path, the body, and from which version on the
# answer has which names; a number is a refusal. {hypervisor} and {service}
# stand for the id that the version knows them by.
Steps = Sequence[tuple[str, Any]]
Row = tuple[str, Any, Steps]


def quotas(top: Mapping[str, Any], each: Any = "") -> Steps:
    """The forms of a quota set."""

    def form(*parts: Names) -> dict[str, Any]:
        names = [name for part in parts for name in part]
        return key("quota_set", {**top, **dict.fromkeys(names, each)})

    return (
        ("2.1", form(COUNTED, INJECTED, NETWORK)),
        ("2.36", form(COUNTED, INJECTED)),
        ("2.57", form(COUNTED)),
    )


def classes(top: Mapping[str, Any]) -> Steps:
    """The forms of a quota class."""
    return tuple(
        (since, key("quota_class_set", {**top, **names}))
        for since, names in (
            ("2.1", CLASS_21),
            ("2.50", {**COUNTED, **INJECTED}),
            ("2.57", COUNTED),
        )
    )


def aggregates(first: Any, second: Any) -> Steps:
    """The forms of what has aggregates in it."""
    return ("2.1", first), ("2.41", second)


def groups(name: str, *, many: bool = False) -> Steps:
    """The forms of what has server groups in it."""
    return tuple(
        (since, key(name, [names] if many else names))
        for since, names in (
            ("2.1", GROUP_21),
            ("2.13", GROUP_213),
            ("2.64", GROUP_264),
        )
    )


SHAPES: Sequence[Row] = (
    # --- hypervisors ---
    (
        "GET /os-hypervisors",
        None,
        (("2.1", key("hypervisors", [HYPERVISOR])),),
    ),
    (
        "GET /os-hypervisors?limit=1",
        None,
        (
            ("2.1", key("hypervisors", [HYPERVISOR])),
            (
                "2.33",
                {"hypervisors": [HYPERVISOR], "hypervisors_links": NEXT},
            ),
        ),
    ),
    (
        "GET /os-hypervisors?with_servers=true",
        None,
        (
            ("2.1", key("hypervisors", [HYPERVISOR])),
            ("2.53", key("hypervisors", [WITH_SERVERS])),
        ),
    ),
    (
        "GET /os-hypervisors?hypervisor_hostname_pattern=node",
        None,
        (("2.53", key("hypervisors", [HYPERVISOR])),),
    ),
    (
        "GET /os-hypervisors/detail",
        None,
        (
            ("2.1", key("hypervisors", [HYPERVISOR_21])),
            ("2.28", key("hypervisors", [HYPERVISOR_28])),
            ("2.88", key("hypervisors", [HYPERVISOR_88])),
        ),
    ),
    (
        "GET /os-hypervisors/{hypervisor}",
        None,
        (
            ("2.1", key("hypervisor", HYPERVISOR_21)),
            ("2.28", key("hypervisor", HYPERVISOR_28)),
            ("2.53", key("hypervisor", HYPERVISOR_28)),
            ("2.88", key("hypervisor", HYPERVISOR_88)),
        ),
    ),
    (
        "GET /os-hypervisors/{hypervisor}/uptime",
        None,
        (
            ("2.1", key("hypervisor", {**HYPERVISOR, "uptime": ""})),
            ("2.53", key("hypervisor", {**HYPERVISOR, "uptime": ""})),
            ("2.88", 404),
        ),
    ),
    (
        "GET /os-hypervisors/statistics",
        None,
        (("2.1", key("hypervisor_statistics", STATISTICS)), ("2.88", 404)),
    ),
    (
        "GET /os-hypervisors/node/search",
        None,
        (("2.1", key("hypervisors", [HYPERVISOR])), ("2.53", 404)),
    ),
    (
        "GET /os-hypervisors/node/servers",
        None,
        (("2.1", key("hypervisors", [WITH_SERVERS])), ("2.53", 404)),
    ),
    # --- services and zones ---
    (
        "GET /os-services",
        None,
        (
            ("2.1", key("services", [SERVICE_21])),
            ("2.11", key("services", [SERVICE_211])),
        ),
    ),
    (
        "PUT /os-services/enable",
        {"host": "one", "binary": "nova-compute"},
        (
            ("2.1", key("service", of("host binary status"))),
            ("2.53", 400),
        ),
    ),
    (
        "PUT /os-services/disable-log-reason",
        {"host": "one", "binary": "nova-compute", "disabled_reason": "fan"},
        (
            ("2.1", key("service", of("host binary status disabled_reason"))),
            ("2.53", 400),
        ),
    ),
    (
        "PUT /os-services/force-down",
        {"host": "one", "binary": "nova-compute", "forced_down": True},
        (
            ("2.1", 400),
            ("2.11", key("service", of("host binary forced_down"))),
            ("2.53", 400),
        ),
    ),
    (
        "PUT /os-services/{service}",
        {"status": "disabled", "forced_down": "true"},
        (("2.1", 400), ("2.53", key("service", SERVICE_211))),
    ),
    ("DELETE /os-services/{spare}", None, (("2.1", 204), ("2.53", 204))),
    (
        "GET /os-availability-zone",
        None,
        (("2.1", key("availabilityZoneInfo", [ZONE])),),
    ),
    (
        "GET /os-availability-zone/detail",
        None,
        (
            (
                "2.1",
                key(
                    "availabilityZoneInfo",
                    [INTERNAL_ZONE, {**ZONE, "hosts": COMPUTES}],
                ),
            ),
        ),
    ),
    (
        "GET /os-hosts",
        None,
        (
            ("2.1", key("hosts", [of("host_name service zone")])),
            ("2.43", 404),
        ),
    ),
    (
        "GET /os-hosts/one",
        None,
        (("2.1", key("host", [key("resource", RESOURCE)])), ("2.43", 404)),
    ),
    # --- aggregates ---
    (
        "GET /os-aggregates",
        None,
        aggregates(
            key("aggregates", [AGGREGATE_21, {**AGGREGATE_21, **EMPTY}]),
            key("aggregates", [AGGREGATE_41, {**AGGREGATE_41, **EMPTY}]),
        ),
    ),
    (
        "POST /os-aggregates",
        {"aggregate": {"name": "new", "availability_zone": None}},
        aggregates(key("aggregate", NEW_21), key("aggregate", NEW_41)),
    ),
    *(
        (
            request,
            body,
            aggregates(
                key("aggregate", AGGREGATE_21),
                key("aggregate", AGGREGATE_41),
            ),
        )
        for request, body in (
            ("GET /os-aggregates/{aggregate}", None),
            (
                "PUT /os-aggregates/{aggregate}",
                {"aggregate": {"name": "  old "}},
            ),
            (
                "POST /os-aggregates/{aggregate}/action",
                {"set_metadata": {"metadata": {"rack": "2", "x": None}}},
            ),
            (
                "POST /os-aggregates/{aggregate}/action",
                {"add_host": {"host": "two"}},
            ),
        )
    ),
    (
        "POST /os-aggregates/{aggregate}/action",
        {"remove_host": {"host": "one"}},
        aggregates(
            key("aggregate", {**AGGREGATE_21, "hosts": []}),
            key("aggregate", {**AGGREGATE_41, "hosts": []}),
        ),
    ),
    (
        "POST /os-aggregates/{aggregate}/images",
        {"cache": [{"id": IMAGE}]},
        (("2.1", 404), ("2.81", 202)),
    ),
    ("DELETE /os-aggregates/{empty}", None, (("2.1", 200),)),
    # --- server groups ---
    ("GET /os-server-groups", None, groups("server_groups", many=True)),
    ("GET /os-server-groups/{group}", None, groups("server_group")),
    (
        "POST /os-server-groups",
        {"server_group": {"name": "g", "policies": ["affinity"]}},
        (*groups("server_group")[:2], ("2.64", 400)),
    ),
    (
        "POST /os-server-groups",
        {
            "server_group": {
                "name": "g",
                "policy": "anti-affinity",
                "rules": {"max_server_per_host": "2"},
            }
        },
        (("2.1", 400), groups("server_group")[2]),
    ),
    ("DELETE /os-server-groups/{group}", None, (("2.1", 204),)),
    # --- quotas ---
    ("GET /os-quota-sets/p1", None, quotas(of("id"))),
    ("GET /os-quota-sets/p1/defaults", None, quotas(of("id"))),
    ("GET /os-quota-sets/p1/detail", None, quotas(of("id"), IN_USE)),
    (
        "PUT /os-quota-sets/p1?user_id=u",
        {"quota_set": {"cores": "5", "force": "yes"}},
        quotas({}),
    ),
    ("DELETE /os-quota-sets/p1", None, (("2.1", 202),)),
    ("GET /os-quota-class-sets/any", None, classes(of("id"))),
    (
        "PUT /os-quota-class-sets/any",
        {"quota_class_set": {"cores": 5}},
        classes({}),
    ),
    *(
        (
            request,
            None,
            tuple(
                (since, key("limits", {"rate": [], "absolute": names}))
                for since, names in (
                    ("2.1", ABSOLUTE_21),
                    ("2.36", ABSOLUTE_36),
                    ("2.39", ABSOLUTE_39),
                    ("2.57", ABSOLUTE_57),
                )
            ),
        )
        for request in ("GET /limits", "GET /limits?tenant_id=p1")
    ),
    # --- usage ---
    (
        f"GET /os-simple-tenant-usage?{YEAR}",
        None,
        (("2.1", key("tenant_usages", [USAGE])),),
    ),
    (
        f"GET /os-simple-tenant-usage?{YEAR}&detailed=1&limit=1",
        None,
        (
            ("2.1", key("tenant_usages", [DETAILED_USAGE])),
            (
                "2.40",
                {
                    "tenant_usages": [DETAILED_USAGE],
                    "tenant_usages_links": NEXT,
                },
            ),
        ),
    ),
    (
        f"GET /os-simple-tenant-usage/p1?{YEAR}&limit=1",
        None,
        (
            ("2.1", key("tenant_usage", DETAILED_USAGE)),
            (
                "2.40",
                {"tenant_usage": DETAILED_USAGE, "tenant_usage_links": NEXT},
            ),
        ),
    ),
    (
        "GET /os-simple-tenant-usage/nobody",
        None,
        (("2.1", key("tenant_usage", {})),),
    ),
    (
        "GET /os-instance_usage_audit_log",
        None,
        (("2.1", key("instance_usage_audit_logs", AUDIT)),),
    ),
    (
        "GET /os-instance_usage_audit_log/2026-01-31%2012:00:00",
        None,
        (("2.1", key("instance_usage_audit_log", AUDIT)),),
    ),
    # --- extensions, images, versions ---
    ("GET /extensions", None, (("2.1", key("extensions", [EXTENSION])),)),
    (
        "GET /extensions/os-hosts",
        None,
        (("2.1", key("extension", EXTENSION)),),
    ),
    (
        "GET /images",
        None,
        (("2.1", key("images", [IMAGE_BRIEF])), ("2.36", 404)),
    ),
    (
        "GET /images/detail?limit=1",
        None,
        (
            ("2.1", {"images": [IMAGE_FULL], "images_links": NEXT}),
            ("2.36", 404),
        ),
    ),
    (
        f"GET /images/{IMAGE}",
        None,
        (("2.1", key("image", IMAGE_FULL)), ("2.36", 404)),
    ),
    (f"DELETE /images/{IMAGE}", None, (("2.1", 204), ("2.36", 404))),
    (
        f"GET /images/{IMAGE}/metadata",
        None,
        (("2.1", key("metadata", {})), ("2.39", 404)),
    ),
    (
        f"PUT /images/{IMAGE}/metadata/a",
        {"meta": {"a": "b"}},
        (("2.1", key("meta", of("a"))), ("2.39", 404)),
    ),
    (
        "GET /versions/v2.1",
        None,
        (
            (
                "2.1",
                key("version", VERSION_DETAIL),
            ),
        ),
    ),
)


def asked() -> Iterator[Any]:
    """Each row at the first and at the last version of each of its forms."""
    for request, body, steps in SHAPES:
        ends = [parse(since).minor - 1 for since, _ in steps[1:]]
        for (since, expected), last in zip(
            steps, [*ends, MAX.minor], strict=True
        ):
            for minor in sorted({parse(since).minor, last}):
                kind = next(iter(body)) if body else ""
                yield pytest.param(
                    request,
                    body,
                    f"2.{minor}",
                    expected,
                    id=f"{request} {kind} 2.{minor}",
                )


@pytest.fixture
def cloud(compute_api: ComputeAPI) -> Mapping[str, Any]:
    """One of each; the ids by their names."""
    return admin_cloud.make(compute_api)


@pytest.mark.parametrize(
    ("request_", "body", "version", "expected"), list(asked())
)
def test_the_names_in_an_answer(
    compute_api: ComputeAPI,
    cloud: Mapping[str, Any],
    request_: str,
    body: Any,
    version: str,
    expected: Any,
) -> None:
    verb, path = request_.split(" ", 1)
    answer = compute_api(
        verb, filled(path, version, cloud), body, as_="admin", version=version
    )
    if isinstance(expected, int):
        assert answer.status == expected, answer.text
        if expected < 300:
            assert answer.text == ""
        return
    assert answer.status == 200, answer.text
    assert shape(answer.json) == expected, json.dumps(answer.json, indent=1)


# Path -> where a value stands -> its type, by version.
TYPES = [
    ("/os-hypervisors/detail", "2.27", ("hypervisors", 0, "cpu_info"), str),
    ("/os-hypervisors/detail", "2.28", ("hypervisors", 0, "cpu_info"), dict),
    ("/os-hypervisors/detail", "2.52", ("hypervisors", 0, "id"), int),
    ("/os-hypervisors/detail", "2.53", ("hypervisors", 0, "id"), str),
    (
        "/os-hypervisors/detail",
        "2.52",
        ("hypervisors", 0, "service", "id"),
        int,
    ),
    (
        "/os-hypervisors/detail",
        "2.53",
        ("hypervisors", 0, "service", "id"),
        str,
    ),
    ("/os-services", "2.52", ("services", 0, "id"), int),
    ("/os-services", "2.53", ("services", 0, "id"), str),
    (
        "/os-server-groups",
        "2.64",
        ("server_groups", 0, "rules", "max_server_per_host"),
        int,
    ),
    ("/os-aggregates", "2.41", ("aggregates", 0, "id"), int),
]


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(("path", "version", "where", "kind"), TYPES)
def test_the_type_of_a_value(
    compute_api: ComputeAPI,
    path: str,
    version: str,
    where: Sequence[str | int],
    kind: type,
) -> None:
    found = compute_api("GET", path, as_="admin", version=version).json
    for part in where:
        found = found[part]
    assert type(found) is kind


@pytest.mark.parametrize(
    ("path", "status", "names"),
    [
        ("=/", 200, key("versions", [VERSION])),
        (
            "=/v2.1/",
            200,
            key("version", VERSION_DETAIL),
        ),
        (
            "=/v2",
            200,
            key("version", VERSION_DETAIL),
        ),
        ("=/v3/servers", 300, key("choices", [CHOICE])),
    ],
)
def test_a_version_document(
    compute_api: ComputeAPI, path: str, status: int, names: Any
) -> None:
    answer = compute_api("GET", path, as_=None)
    assert answer.status == status
    assert shape(answer.json) == names
