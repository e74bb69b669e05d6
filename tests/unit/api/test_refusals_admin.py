# SPDX-License-Identifier: Apache-2.0
"""What administrators' resources refuse, and what they just take.

The tables are upstream's facts: a status for each request and version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.fixtures import admin_cloud
from tests.fixtures.admin_cloud import (
    GHOST,
    NOBODY,
    SCHEDULER,
    SERVICE,
    filled,
)
from tests.fixtures.compute_api import IMAGE, NO_PROJECT, ComputeAPI
from tests.fixtures.shapes import of, shape

YEAR = "start=2026-01-01T00:00:00"


@pytest.fixture
def cloud(compute_api: ComputeAPI) -> Mapping[str, Any]:
    """One of each; the ids by their names."""
    return admin_cloud.make(compute_api)


def group(**values: Any) -> dict[str, Any]:
    """A body that makes a server group."""
    return {"server_group": {"name": "g", **values}}


# (status, request, body, versions)
REFUSALS: Sequence[tuple[int, str, Any, str]] = (
    (404, "GET /os-hypervisors/abc", None, "2.1 2.52"),
    (404, "GET /os-hypervisors/-1", None, "2.1"),
    (404, "GET /os-hypervisors/99", None, "2.1 2.52"),
    (400, "GET /os-hypervisors/1", None, "2.53 2.96"),
    (404, f"GET /os-hypervisors/{NOBODY}", None, "2.53 2.96"),
    # One whose service is gone.
    (404, f"GET /os-hypervisors/{GHOST}", None, "2.53 2.96"),
    (404, f"GET /os-hypervisors/{GHOST}/uptime", None, "2.53 2.87"),
    (400, "GET /os-hypervisors?marker=99", None, "2.33 2.53"),
    (400, f"GET /os-hypervisors?marker={NOBODY}", None, "2.53 2.96"),
    (400, "GET /os-hypervisors?limit=-1", None, "2.33 2.96"),
    (400, "GET /os-hypervisors?limit=", None, "2.33 2.96"),
    (400, "GET /os-hypervisors?limit=1&limit=2", None, "2.53"),
    (400, "GET /os-hypervisors?with_servers=y", None, "2.53"),
    (400, "GET /os-hypervisors/{hypervisor}?limit=1", None, "2.53"),
    (400, "GET /os-hypervisors?colour=red", None, "2.53"),
    (
        400,
        "GET /os-hypervisors?hypervisor_hostname_pattern=n&limit=1",
        None,
        "2.53",
    ),
    (
        404,
        "GET /os-hypervisors?hypervisor_hostname_pattern=zz",
        None,
        "2.53",
    ),
    (404, "GET /os-hypervisors/zz/search", None, "2.1 2.52"),
    (404, "GET /os-hypervisors/zz/servers", None, "2.1 2.52"),
    # --- services ---
    (400, "DELETE /os-services/abc", None, "2.1 2.52"),
    (404, "DELETE /os-services/-1", None, "2.52"),
    (404, "DELETE /os-services/99", None, "2.1 2.52"),
    (400, "DELETE /os-services/1", None, "2.53"),
    (404, f"DELETE /os-services/{NOBODY}", None, "2.53"),
    # It has a server.
    (409, "DELETE /os-services/{service}", None, "2.1 2.53"),
    (400, f"PUT /os-services/{SCHEDULER}", {"status": "enabled"}, "2.53"),
    (404, f"PUT /os-services/{NOBODY}", {"status": "enabled"}, "2.53"),
    (400, "PUT /os-services/{service}", {}, "2.53"),
    (400, "PUT /os-services/{service}", {"disabled_reason": "x"}, "2.53"),
    (400, "PUT /os-services/{service}", {"forced_down": "y"}, "2.53"),
    (
        400,
        "PUT /os-services/{service}",
        {"status": "enabled", "disabled_reason": "x"},
        "2.53",
    ),
    (
        400,
        "PUT /os-services/disable-log-reason",
        {"host": "one", "binary": "nova-compute"},
        "2.1",
    ),
    (
        400,
        "PUT /os-services/force-down",
        {"host": "one", "binary": "nova-compute"},
        "2.11",
    ),
    (
        404,
        "PUT /os-services/force-down",
        {"host": "one", "binary": "nova-compute"},
        "2.10",
    ),
    (
        404,
        "PUT /os-services/paint",
        {"host": "one", "binary": "nova-compute"},
        "2.1",
    ),
    (
        404,
        "PUT /os-services/enable",
        {"host": "six", "binary": "nova-compute"},
        "2.1",
    ),
    (400, "GET /os-services?colour=red", None, "2.75"),
    # --- hosts ---
    (404, "GET /os-hosts/six", None, "2.1"),
    (400, "PUT /os-hosts/one", {}, "2.1"),
    (400, "PUT /os-hosts/one", {"status": "on"}, "2.1"),
    # --- aggregates ---
    (409, "POST /os-aggregates", {"aggregate": {"name": "racks"}}, "2.1"),
    (400, "POST /os-aggregates", {"aggregate": {"name": " a"}}, "2.1"),
    (400, "POST /os-aggregates", {"aggregate": {}}, "2.1"),
    (
        400,
        "POST /os-aggregates",
        {"aggregate": {"name": "a", "availability_zone": "a:b"}},
        "2.1",
    ),
    (400, "PUT /os-aggregates/{aggregate}", {"aggregate": {}}, "2.1"),
    (
        409,
        "PUT /os-aggregates/{aggregate}",
        {"aggregate": {"name": "none"}},
        "2.1",
    ),
    (400, "GET /os-aggregates/x", None, "2.1"),
    (404, "GET /os-aggregates/-1", None, "2.1"),
    (404, "DELETE /os-aggregates/999", None, "2.1"),
    (400, "DELETE /os-aggregates/{aggregate}", None, "2.1"),
    (
        409,
        "POST /os-aggregates/{aggregate}/action",
        {"add_host": {"host": "one"}},
        "2.1",
    ),
    (
        404,
        "POST /os-aggregates/{aggregate}/action",
        {"add_host": {"host": "six"}},
        "2.1",
    ),
    (
        404,
        "POST /os-aggregates/{empty}/action",
        {"remove_host": {"host": "one"}},
        "2.1",
    ),
    (400, "POST /os-aggregates/{empty}/action", {"paint": {}}, "2.1"),
    (400, "POST /os-aggregates/{empty}/images", {"cache": []}, "2.81"),
    (
        400,
        "POST /os-aggregates/{empty}/images",
        {"cache": [{"id": NOBODY}]},
        "2.81",
    ),
    (
        400,
        "POST /os-aggregates/{empty}/images",
        {"cache": [{"id": IMAGE}, {"id": IMAGE}]},
        "2.81",
    ),
    # --- server groups ---
    (404, f"GET /os-server-groups/{NOBODY}", None, "2.1"),
    (404, "DELETE /os-server-groups/x", None, "2.1"),
    (
        400,
        "POST /os-server-groups",
        group(policies=["soft-affinity"]),
        "2.14 2.64",
    ),
    (
        400,
        "POST /os-server-groups",
        group(policies=["affinity", "anti-affinity"]),
        "2.1 2.15",
    ),
    (400, "POST /os-server-groups", group(), "2.1 2.64"),
    (
        400,
        "POST /os-server-groups",
        group(policy="affinity", rules={"max_server_per_host": 2}),
        "2.64",
    ),
    (
        400,
        "POST /os-server-groups",
        group(policy="anti-affinity", rules={"max_server_per_host": 0}),
        "2.64",
    ),
    (400, "GET /os-server-groups?offset=-1", None, "2.1 2.96"),
    (400, "GET /os-server-groups?colour=red", None, "2.75"),
    # --- quotas ---
    *(
        (400, "PUT /os-quota-sets/p1", {"quota_set": {name: value}}, versions)
        for name, value, versions in (
            ("cores", -2, "2.1"),
            ("cores", "", "2.1"),
            ("cores", None, "2.1"),
            ("cores", 1 << 31, "2.1"),
            ("force", "t", "2.1"),
            # One server is there.
            ("instances", 0, "2.1"),
            ("networks", 5, "2.1"),
            ("fixed_ips", 5, "2.36"),
            ("injected_files", 5, "2.57"),
        )
    ),
    (
        400,
        f"PUT /os-quota-sets/{'p' * 256}",
        {"quota_set": {"cores": 5}},
        "2.1",
    ),
    (
        400,
        f"PUT /os-quota-class-sets/{'c' * 256}",
        {"quota_class_set": {"cores": 5}},
        "2.1",
    ),
    (400, "GET /os-quota-sets/p1?colour=red", None, "2.75"),
    *(
        (400, request, body, "2.1")
        for request, body in (
            (f"GET /os-quota-sets/{NO_PROJECT}", None),
            (f"GET /os-quota-sets/{NO_PROJECT}/detail", None),
            (f"GET /os-quota-sets/{NO_PROJECT}/defaults", None),
            (f"PUT /os-quota-sets/{NO_PROJECT}", {"quota_set": {"cores": 5}}),
            (
                "POST /flavors/2/action",
                {"addTenantAccess": {"tenant": NO_PROJECT}},
            ),
        )
    ),
    (400, "GET /limits?colour=red", None, "2.75"),
    # --- usage ---
    (400, "GET /os-simple-tenant-usage?start=now", None, "2.1"),
    (
        400,
        f"GET /os-simple-tenant-usage?{YEAR}&end=2025-01-01T00:00:00",
        None,
        "2.1",
    ),
    (400, f"GET /os-simple-tenant-usage?marker={NOBODY}", None, "2.40"),
    (400, "GET /os-simple-tenant-usage/p1?detailed=1", None, "2.75"),
    (400, "GET /os-instance_usage_audit_log/today", None, "2.1"),
    # --- extensions, images, versions ---
    (404, "GET /extensions/none", None, "2.1"),
    (404, "GET /versions/v3", None, "2.1"),
    (404, f"GET /images/{NOBODY}", None, "2.35"),
    (404, f"DELETE /images/{NOBODY}", None, "2.35"),
    (400, "GET /images?limit=0", None, "2.35"),
    (404, f"GET /images/{IMAGE}/metadata/none", None, "2.38"),
    (
        400,
        f"PUT /images/{IMAGE}/metadata/a",
        {"meta": {"b": "c"}},
        "2.38",
    ),
    (
        400,
        f"PUT /images/{IMAGE}/metadata/a",
        {"meta": {"a": "c", "b": "d"}},
        "2.38",
    ),
)
KINDS = {400: "badRequest", 404: "itemNotFound", 409: "conflictingRequest"}


@pytest.mark.parametrize(
    ("status", "request_", "body", "version"),
    [
        (status, request, body, version)
        for status, request, body, versions in REFUSALS
        for version in versions.split()
    ],
)
def test_a_refusal(
    compute_api: ComputeAPI,
    cloud: Mapping[str, Any],
    status: int,
    request_: str,
    body: Any,
    version: str,
) -> None:
    verb, path = request_.split(" ", 1)
    answer = compute_api(
        verb, filled(path, version, cloud), body, as_="admin", version=version
    )
    assert answer.status == status, answer.text
    assert shape(answer.json) == {KINDS[status]: of("code message")}
    assert answer.json[KINDS[status]]["code"] == status


# What passes, although a close neighbour does not.
TAKEN = [
    ("GET /os-hypervisors?colour=red", None, "2.52"),
    ("GET /os-hypervisors?limit=99999999999999999999", None, "2.33"),
    ("GET /os-services?colour=red", None, "2.74"),
    (f"GET /os-services?host={'h' * 300}", None, "2.96"),
    ("GET /os-aggregates?colour=red", None, "2.96"),
    ("GET /os-server-groups?limit=0", None, "2.96"),
    ("GET /limits?colour=red", None, "2.74"),
    (
        f"PUT /os-quota-class-sets/{'c' * 255}",
        {"quota_class_set": {"cores": 5}},
        "2.96",
    ),
    ("PUT /os-quota-sets/p1", {"quota_set": {"instances": -1}}, "2.96"),
    (
        "PUT /os-quota-sets/p1",
        {"quota_set": {"instances": 0, "force": True}},
        "2.96",
    ),
    (
        f"PUT /os-services/{SERVICE}",
        {"forced_down": "no", "disabled_reason": "passed over"},
        "2.53",
    ),
]


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(("request_", "body", "version"), TAKEN)
def test_what_is_taken(
    compute_api: ComputeAPI, request_: str, body: Any, version: str
) -> None:
    verb, path = request_.split(" ", 1)
    answer = compute_api(verb, path, body, as_="admin", version=version)
    assert answer.status == 200, answer.text


@pytest.mark.usefixtures("cloud")
def test_a_plain_disable_takes_no_reason(compute_api: ComputeAPI) -> None:
    answer = compute_api(
        "PUT",
        "/os-services/disable",
        {"host": "one", "binary": "nova-compute", "disabled_reason": "fan"},
        as_="admin",
    )
    assert answer.json["service"] == {
        "host": "one",
        "binary": "nova-compute",
        "status": "disabled",
    }
    found = compute_api("GET", "/os-services?host=one", as_="admin").json
    assert found["services"][0]["disabled_reason"] is None


@pytest.mark.usefixtures("cloud")
def test_statistics_count_hosts_of_enabled_services(
    compute_api: ComputeAPI,
) -> None:
    path = "/os-hypervisors/statistics"
    for verb, count in (("enable", 1), ("disable", 0)):
        body = {"host": "one", "binary": "nova-compute"}
        compute_api("PUT", f"/os-services/{verb}", body, as_="admin")
        found = compute_api("GET", path, as_="admin").json
        assert found["hypervisor_statistics"]["count"] == count


def test_another_projects_limits_are_for_administrators(
    compute_api: ComputeAPI,
) -> None:
    assert compute_api("GET", "/limits").status == 200
    assert compute_api("GET", "/limits?tenant_id=p1").status == 403


def test_the_old_api_takes_blanks_off_names(compute_api: ComputeAPI) -> None:
    body = {"aggregate": {"name": " racks ", "availability_zone": " z "}}
    made = compute_api("POST", "=/v2/os-aggregates", body, as_="admin")
    assert made.json["aggregate"]["name"] == "racks"
    assert made.json["aggregate"]["availability_zone"] == "z"
    body = {"aggregate": {"name": "  "}}
    made = compute_api("POST", "=/v2/os-aggregates", body, as_="admin")
    assert made.status == 400
    # Metadata are no names.
    path = f"=/v2/images/{IMAGE}/metadata"
    kept = {"metadata": {"name": " x "}}
    assert compute_api("POST", path, kept, as_="admin").status == 200
