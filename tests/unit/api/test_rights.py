# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route and action, asked by everybody.

``LEAST`` says of each who may; a route without a row fails. To others of
the same project the answer is 403, to other projects as if the thing were
not there, to those without a token always 401.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nova_lite import policy
from nova_lite.api.openstack.compute import routes, server_actions
from nova_lite.api.openstack.microversions import MAX
from nova_lite.api.openstack.wsgi import Operation, operation_of
from tests.fixtures.compute_api import (
    IMAGE,
    Answer,
    ComputeAPI,
    clear,
)

SERVER = "00000000-0000-4000-8000-000000000001"
MIGRATION = "00000000-0000-4000-8000-000000000002"
GROUP = "00000000-0000-4000-8000-000000000003"
SERVICE = "00000000-0000-4000-8000-000000000004"
NOTHING = "00000000-0000-4000-8000-00000000000f"
NODE = "00000000-0000-4000-8000-000000000005"
KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHeLC1lWiCYrXsf/85O/pkbUFZ6OGIt49PX"
    "3nw8iRoXE"
)

# Everybody of p1 but "other" (p2), "service" (services) and "admin" (ops).
CALLERS = (
    "nobody",
    "reader",
    "member",
    "manager",
    "other",
    "service",
    "admin",
)
_MAY = {
    "any": CALLERS,
    "alice": ("member",),
    "reader": ("reader", "member", "manager", "admin"),
    "member": ("member", "manager", "admin"),
    "manager": ("manager", "admin"),
    "service": ("service", "admin"),
    "admin": ("admin",),
    # Of one's own project, whichever it is.
    "own reader": ("reader", "member", "manager", "other", "admin"),
    "own member": ("member", "manager", "other", "admin"),
    "own manager": ("manager", "admin"),
}
# Words of p1 that nobody of another project may ever read.
SECRETS = (SERVER, MIGRATION, GROUP, "hidden-", "alice")
_VALUES = {
    "server_id": SERVER,
    "migration_id": "1",
    "group_id": GROUP,
    "flavor_id": "1",
    "service_id": SERVICE,
    "hypervisor_id": NODE,
    "aggregate_id": "1",
    "host_name": "hidden-host",
    "project_id": "p1",
    "image_id": IMAGE,
    "request_id": "req-1",
    "alias": "os-keypairs",
    "version_id": "v2.1",
    "before": "2026-01-01 00:00:00",
    "console_token": "the-token",
    "network_label": "private",
    "port_id": NOTHING,
    "id": NOTHING,
    "tag": "hidden-tag",
}
_ITEMS = {
    "/servers/{server_id}/metadata/{key}": {"key": "hidden-key"},
    "/flavors/{flavor_id}/os-extra_specs/{key}": {"key": "hw:x"},
    "/images/{image_id}/metadata/{key}": {"key": "a"},
    "/os-keypairs/{name}": {"name": "hidden-pair"},
    "/os-quota-class-sets/{name}": {"name": "default"},
}


@dataclass(frozen=True, slots=True)
class Row:
    """Who may, with which body; what those who may are answered."""

    who: str
    body: Any = None
    status: int | None = None
    version: str | None = None


_S = "/servers/{server_id}"
_F = "/flavors/{flavor_id}"
_A = "/os-aggregates/{aggregate_id}"
_Q = "/os-quota-sets/{project_id}"
_H = "/os-hosts/{host_name}"
_I = "/images/{image_id}"
_V = "/os-hypervisors/{hypervisor_id}"
_META = {"metadata": {"a": "b"}}
_ADDRESS = {"address": "198.51.100.5"}
_SECURITY_GROUP = {"security_group": {"name": "g", "description": "d"}}
_NEW = {
    "server": {
        "name": "new",
        "imageRef": IMAGE,
        "flavorRef": "1",
        "networks": "none",
    }
}

LEAST: dict[str, Row] = {
    "GET /servers": Row("own reader"),
    "POST /servers": Row("own member", _NEW),
    "GET /servers/detail": Row("own reader"),
    f"GET {_S}": Row("reader"),
    f"PUT {_S}": Row("member", {"server": {"name": "new"}}),
    f"DELETE {_S}": Row("member"),
    f"GET {_S}/metadata": Row("reader"),
    f"POST {_S}/metadata": Row("member", _META),
    f"PUT {_S}/metadata": Row("member", _META),
    f"GET {_S}/metadata/{{key}}": Row("reader"),
    f"PUT {_S}/metadata/{{key}}": Row("member", {"meta": {"hidden-key": "b"}}),
    f"DELETE {_S}/metadata/{{key}}": Row("member"),
    f"GET {_S}/tags": Row("reader"),
    f"PUT {_S}/tags": Row("member", {"tags": ["a"]}),
    f"DELETE {_S}/tags": Row("member"),
    f"GET {_S}/tags/{{tag}}": Row("reader"),
    f"PUT {_S}/tags/{{tag}}": Row("member"),
    f"DELETE {_S}/tags/{{tag}}": Row("member"),
    f"GET {_S}/os-server-password": Row("reader"),
    f"DELETE {_S}/os-server-password": Row("member"),
    f"GET {_S}/ips": Row("reader"),
    f"GET {_S}/ips/{{network_label}}": Row("reader", status=404),
    # This cloud has no network service: who may is told so.
    f"GET {_S}/os-interface": Row("reader", status=501),
    f"POST {_S}/os-interface": Row("member", {}, 501),
    f"GET {_S}/os-interface/{{port_id}}": Row("reader", status=501),
    f"DELETE {_S}/os-interface/{{port_id}}": Row("member", status=501),
    f"GET {_S}/os-security-groups": Row("reader", status=501),
    f"{_S}/action addSecurityGroup": Row("member", {"name": "x"}, 501),
    f"{_S}/action removeSecurityGroup": Row("member", {"name": "x"}, 501),
    f"{_S}/action addFixedIp": Row("member", {"networkId": "x"}, 501),
    f"{_S}/action removeFixedIp": Row("member", _ADDRESS, 501),
    f"{_S}/action addFloatingIp": Row("member", _ADDRESS, 501),
    f"{_S}/action removeFloatingIp": Row("member", _ADDRESS, 501),
    "GET /os-networks": Row("own reader", status=501),
    "GET /os-networks/{id}": Row("own reader", status=501),
    "GET /os-tenant-networks": Row("own reader", status=501),
    "GET /os-tenant-networks/{id}": Row("own reader", status=501),
    "GET /os-security-groups": Row("own reader", status=501),
    "POST /os-security-groups": Row("own member", _SECURITY_GROUP, 501),
    "GET /os-security-groups/{id}": Row("own reader", status=501),
    "PUT /os-security-groups/{id}": Row("own member", _SECURITY_GROUP, 501),
    "DELETE /os-security-groups/{id}": Row("own member", status=501),
    "POST /os-security-group-rules": Row(
        "own member",
        {"security_group_rule": {"parent_group_id": NOTHING}},
        501,
    ),
    "DELETE /os-security-group-rules/{id}": Row("own member", status=501),
    "GET /os-floating-ips": Row("own reader", status=501),
    "POST /os-floating-ips": Row("own member", status=501),
    "GET /os-floating-ips/{id}": Row("own reader", status=501),
    "DELETE /os-floating-ips/{id}": Row("own member", status=501),
    "GET /os-floating-ip-pools": Row("any", status=501),
    f"GET {_S}/os-instance-actions": Row("reader"),
    f"GET {_S}/os-instance-actions/{{request_id}}": Row("reader"),
    f"GET {_S}/diagnostics": Row("admin", status=409),
    f"GET {_S}/topology": Row("reader"),
    f"GET {_S}/migrations": Row("manager"),
    f"GET {_S}/migrations/{{migration_id}}": Row("admin"),
    f"DELETE {_S}/migrations/{{migration_id}}": Row("manager", status=409),
    f"{_S}/migrations/{{migration_id}}/action force_complete": Row(
        "manager", status=409
    ),
    f"{_S}/action os-getConsoleOutput": Row("member", {}),
    f"POST {_S}/remote-consoles": Row(
        "member", {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    ),
    f"{_S}/action os-getVNCConsole": Row(
        "member", {"type": "novnc"}, version="2.5"
    ),
    f"{_S}/action os-getSPICEConsole": Row(
        "member", {"type": "spice-html5"}, 400, "2.5"
    ),
    f"{_S}/action os-getSerialConsole": Row(
        "member", {"type": "serial"}, 400, "2.5"
    ),
    "GET /os-console-auth-tokens/{console_token}": Row("admin"),
    "GET /os-console-auth-tokens/{console_token} until 2.30": Row(
        "admin", status=400
    ),
    f"{_S}/action pause": Row("member"),
    f"{_S}/action unpause": Row("member", status=409),
    f"{_S}/action resize": Row("member", {"flavorRef": "1"}, 400),
    f"{_S}/action confirmResize": Row("member", status=409),
    f"{_S}/action revertResize": Row("member", status=409),
    f"{_S}/action migrate": Row("manager"),
    f"{_S}/action shelve": Row("member"),
    f"{_S}/action shelveOffload": Row("admin", status=409),
    f"{_S}/action unshelve": Row("member", status=409),
    f"{_S}/action createImage": Row("member", {"name": "x"}),
    f"{_S}/action createBackup": Row(
        "member", {"name": "x", "backup_type": "daily", "rotation": "1"}
    ),
    f"{_S}/action os-start": Row("member", status=409),
    f"{_S}/action os-stop": Row("member"),
    f"{_S}/action reboot": Row("member", {"type": "HARD"}),
    f"{_S}/action suspend": Row("member"),
    f"{_S}/action resume": Row("member", status=409),
    f"{_S}/action trigger_crash_dump": Row("member"),
    f"{_S}/action changePassword": Row("member", {"adminPass": "x"}, 409),
    f"{_S}/action lock": Row("member"),
    f"{_S}/action unlock": Row("member"),
    f"{_S}/action os-resetState": Row("admin", {"state": "active"}),
    f"{_S}/action injectNetworkInfo": Row("admin"),
    f"{_S}/action rebuild": Row("member", {"imageRef": IMAGE}),
    f"{_S}/action rescue": Row("member"),
    f"{_S}/action unrescue": Row("member", status=409),
    f"{_S}/action restore": Row("member", status=409),
    f"{_S}/action forceDelete": Row("member"),
    "GET /flavors": Row("any"),
    "POST /flavors": Row(
        "admin", {"flavor": {"name": "n", "ram": 1, "vcpus": 1, "disk": 1}}
    ),
    "GET /flavors/detail": Row("any"),
    f"GET {_F}": Row("any"),
    f"PUT {_F}": Row("admin", {"flavor": {"description": "d"}}),
    f"DELETE {_F}": Row("admin"),
    f"GET {_F}/os-extra_specs": Row("own reader"),
    f"POST {_F}/os-extra_specs": Row("admin", {"extra_specs": {"a:b": "1"}}),
    f"GET {_F}/os-extra_specs/{{key}}": Row("own reader"),
    f"PUT {_F}/os-extra_specs/{{key}}": Row(
        "admin", {"hw:x": "1"}, version="2.85"
    ),
    f"DELETE {_F}/os-extra_specs/{{key}}": Row("admin"),
    f"GET {_F}/os-flavor-access": Row("admin", status=404),
    f"{_F}/action addTenantAccess": Row("admin", {"tenant": "p1"}, 409),
    f"{_F}/action removeTenantAccess": Row("admin", {"tenant": "p1"}, 404),
    "GET /os-keypairs": Row("any"),
    "POST /os-keypairs": Row(
        "any", {"keypair": {"name": "k", "type": "ssh", "public_key": KEY}}
    ),
    "GET /os-keypairs/{name}": Row("alice"),
    "DELETE /os-keypairs/{name}": Row("alice"),
    "GET /os-server-groups": Row("own reader"),
    "POST /os-server-groups": Row(
        "own member", {"server_group": {"name": "g", "policy": "affinity"}}
    ),
    "GET /os-server-groups/{group_id}": Row("reader"),
    "DELETE /os-server-groups/{group_id}": Row("member"),
    "GET /os-services": Row("admin"),
    "PUT /os-services/{service_id}": Row("admin", {"status": "enabled"}),
    "DELETE /os-services/{service_id}": Row("admin", status=409),
    "PUT /os-services/{service_id} until 2.52": Row(
        "admin", {"host": "hidden-host", "binary": "x"}, 404
    ),
    "DELETE /os-services/{service_id} until 2.52": Row("admin", status=400),
    "GET /os-hypervisors": Row("admin"),
    "GET /os-hypervisors/detail": Row("admin"),
    "GET /os-hypervisors/statistics": Row("admin", version="2.87"),
    f"GET {_V}": Row("admin"),
    f"GET {_V}/uptime": Row("admin", status=400, version="2.87"),
    f"GET {_V}/search": Row("admin", status=404, version="2.52"),
    f"GET {_V}/servers": Row("admin", status=404, version="2.52"),
    "GET /os-aggregates": Row("admin"),
    "POST /os-aggregates": Row("admin", {"aggregate": {"name": "new"}}),
    f"GET {_A}": Row("admin"),
    f"PUT {_A}": Row("admin", {"aggregate": {"name": "new"}}),
    f"DELETE {_A}": Row("admin"),
    f"POST {_A}/images": Row("admin", {"cache": [{"id": IMAGE}]}),
    f"{_A}/action add_host": Row("admin", {"host": "hidden-host"}),
    f"{_A}/action remove_host": Row("admin", {"host": "none"}, 404),
    f"{_A}/action set_metadata": Row("admin", {"metadata": {"a": "b"}}),
    "GET /os-hosts": Row("admin", version="2.42"),
    f"GET {_H}": Row("admin", version="2.42"),
    f"PUT {_H}": Row("admin", {"status": "enable"}, 400, "2.42"),
    f"GET {_H}/startup": Row("admin", status=400, version="2.42"),
    f"GET {_H}/shutdown": Row("admin", status=400, version="2.42"),
    f"GET {_H}/reboot": Row("admin", status=400, version="2.42"),
    "GET /os-availability-zone": Row("any"),
    "GET /os-availability-zone/detail": Row("admin"),
    "GET /extensions": Row("any"),
    "GET /extensions/{alias}": Row("any"),
    "GET /limits": Row("any"),
    "GET /versions/{version_id}": Row("any"),
    f"GET {_Q}": Row("reader"),
    f"GET {_Q}/detail": Row("reader"),
    f"GET {_Q}/defaults": Row("any"),
    f"PUT {_Q}": Row("admin", {"quota_set": {"cores": 7}}),
    f"DELETE {_Q}": Row("admin"),
    "GET /os-quota-class-sets/{name}": Row("admin"),
    "PUT /os-quota-class-sets/{name}": Row(
        "admin", {"quota_class_set": {"cores": 7}}
    ),
    "GET /os-simple-tenant-usage": Row("admin"),
    "GET /os-simple-tenant-usage/{project_id}": Row("reader"),
    "GET /os-migrations": Row("own manager"),
    "GET /os-instance_usage_audit_log": Row("admin"),
    "GET /os-instance_usage_audit_log/{before}": Row("admin"),
    "POST /os-server-external-events": Row(
        "service",
        {"events": [{"server_uuid": SERVER, "name": "network-changed"}]},
    ),
    # The image service says who may.
    "GET /images": Row("any"),
    "GET /images/detail": Row("any"),
    f"GET {_I}": Row("any"),
    f"DELETE {_I}": Row("any"),
    f"GET {_I}/metadata": Row("any"),
    f"POST {_I}/metadata": Row("any", _META),
    f"PUT {_I}/metadata": Row("any", _META),
    f"GET {_I}/metadata/{{key}}": Row("any", status=404),
    f"PUT {_I}/metadata/{{key}}": Row("any", {"meta": {"a": "b"}}),
    f"DELETE {_I}/metadata/{{key}}": Row("any", status=404),
    # Opened by lifecycle/test_events.py: it never ends.
    "GET /servers/events": Row("stream"),
}


def _operations() -> Iterator[tuple[str, str, str, Operation]]:
    """(name, verb, path, facts) of what there is, and not only refused."""
    for path, verbs in routes.ROUTES.items():
        for verb, endpoints in verbs.items():
            for cls, name in endpoints:
                facts = operation_of(getattr(cls, name))
                name_of = f"{verb} {path}"
                if len(endpoints) > 1 and facts.until:
                    name_of += f" until {facts.until}"
                yield name_of, verb, path, facts
    for path, rows in server_actions.ACTIONS.items():
        for row in rows:
            cls, name = row.endpoint
            facts = operation_of(getattr(cls, name))
            yield f"{path} {row.name}", "POST", path, facts


OPERATIONS = [
    one for one in _operations() if one[3].status.at(MAX) not in (410, 501)
]
# By an older name, what is asked under its own already.
ASKED = [
    one
    for one in OPERATIONS
    if "/os-volumes_boot" not in one[0] and "/os-baremetal-nodes" not in one[0]
]
ENDING = [one for one in ASKED if one[3].media_type == "application/json"]


@pytest.fixture(scope="module")
def filled_api(_compute_api: ComputeAPI) -> ComputeAPI:
    """Shared: whoever has changed it fills it again."""
    _fill(_compute_api)
    return _compute_api


def _fill(api: ComputeAPI) -> None:
    """What p1 and the cloud have."""
    clear()
    api.add(
        "server",
        uuid=SERVER,
        display_name="hidden-web",
        hostname="hidden-web",
        host="hidden-host",
        node="hidden-host",
        instance_metadata={"hidden-key": "hidden-value"},
    )
    api.add("tag", instance_uuid=SERVER, tag="hidden-tag")
    api.add("action", instance_uuid=SERVER, request_id="req-1")
    api.add("console_token", instance_uuid=SERVER)
    api.add("migration", id=1, uuid=MIGRATION, instance_uuid=SERVER)
    group = api.add("group", uuid=GROUP, name="hidden-group")
    api.add("group_member", group_id=group, instance_uuid=SERVER)
    api.add("keypair", name="hidden-pair")
    api.add("flavor", flavorid="1", name="tiny", extra_specs={"hw:x": "1"})
    api.add("aggregate", id=1, name="hidden-aggregate")
    # Down: nobody is waited for.
    api.add(
        "service",
        uuid=SERVICE,
        host="hidden-host",
        last_seen_at=datetime.datetime(2026, 1, 1),
    )
    api.add(
        "node",
        uuid=NODE,
        host="hidden-host",
        hypervisor_hostname="hidden-host",
    )


def _url(path: str, values: Mapping[str, str]) -> str:
    return path.format(**{**_VALUES, **_ITEMS.get(path, {}), **values})


def _ask(
    api: ComputeAPI,
    one: tuple[str, str, str, Operation],
    caller: str | None,
    **values: str,
) -> Answer:
    name, verb, path, facts = one
    row = LEAST[name]
    body = row.body
    if path.endswith("/action"):
        body = {name.split()[1]: body}
    url = _url(path, values)
    version = row.version or facts.until or "2.96"
    return api(verb, url, body, as_=caller, version=version)


def _refusal(path: str, row: Row, caller: str) -> int:
    """What somebody who may not is answered."""
    stranger = caller in ("other", "service")
    if row.who == "alice" or (
        stranger and ("{server_id}" in path or "{group_id}" in path)
    ):
        return 404
    return 403


def test_each_has_a_row() -> None:
    assert {one[0] for one in ASKED} == set(LEAST)


def test_nobody_without_a_token(filled_api: ComputeAPI) -> None:
    for name, verb, path, facts in OPERATIONS:
        url = _url(path, {"id": "1", "name": "x", "key": "x"})
        version = facts.until or "2.96"
        answer = filled_api(verb, url, {"no": 1}, as_=None, version=version)
        assert answer.status == 401, f"{name}: {answer.text}"


@pytest.mark.parametrize("one", ENDING, ids=lambda one: one[0])
def test_each_caller(
    one: tuple[str, str, str, Operation], filled_api: ComputeAPI
) -> None:
    name, verb, path, _facts = one
    row = LEAST[name]
    may = _MAY[row.who]
    # Who may is asked last: a write changes what the others ask for.
    for caller in sorted(CALLERS, key=may.__contains__):
        answer = _ask(filled_api, one, caller)
        what = f"{name} as {caller}: {answer.status} {answer.text}"
        if caller not in may:
            assert answer.status == _refusal(path, row, caller), what
        elif row.status is None:
            assert answer.status < 400, what
        else:
            assert answer.status == row.status, what
        stranger = "other" if row.who == "service" else ("other", "service")
        if caller in stranger and answer.status < 400:
            assert not [word for word in SECRETS if word in answer.text], what
        if caller != "admin":
            assert "hidden-host" not in answer.text or path == _H, what
        if verb != "GET" and caller in may:
            _fill(filled_api)


@pytest.mark.parametrize(
    "one",
    [
        one
        for one in ENDING
        if "{server_id}" in one[2] or "{group_id}" in one[2]
    ],
    ids=lambda one: one[0],
)
def test_another_projects_is_as_nothing(
    one: tuple[str, str, str, Operation], filled_api: ComputeAPI
) -> None:
    """The same sentence for what is there and for what is not."""
    for caller in ("other", "service"):
        there = _ask(filled_api, one, caller)
        absent = _ask(
            filled_api, one, caller, server_id=NOTHING, group_id=NOTHING
        )
        assert there.status == absent.status == 404
        for ident in (SERVER, GROUP):
            there.text = there.text.replace(ident, NOTHING)
        assert there.text == absent.text


QUERIES = (
    "all_tenants=1",
    "all_tenants=1&project_id=p1",
    "all_projects=True",
    "project_id=p1",
    "tenant_id=p1",
    "user_id=alice",
    "name=hidden",
    "host=hidden-host",
    "node=hidden-host",
    "deleted=1",
    "changes-since=2020-01-01T00:00:00Z",
    "tags=hidden-tag",
    "instance_uuid=" + SERVER,
    "uuid=" + SERVER,
    "reservation_id=",
    "sort_key=host",
    "is_public=none",
    "detailed=1&start=2020-01-01T00:00:00",
)
LISTS = [
    one
    for one in ENDING
    if one[1] == "GET"
    and "{" not in one[2]
    and "/images" not in one[2]
    and LEAST[one[0]].status != 501
]


@pytest.mark.parametrize("one", LISTS, ids=lambda one: one[0])
def test_no_query_opens_another_project(
    one: tuple[str, str, str, Operation], filled_api: ComputeAPI
) -> None:
    name, verb, path, facts = one
    version = LEAST[name].version or facts.until or "2.96"
    plain = filled_api(verb, path, as_="other", version=version)
    for query in QUERIES:
        url = f"{path}?{query}"
        answer = filled_api(verb, url, as_="other", version=version)
        what = f"{url}: {answer.status} {answer.text}"
        assert answer.status in (200, 400, 403), what
        if answer.status == 200:
            assert not [word for word in SECRETS if word in answer.text], what
            if path == "/limits":
                assert answer.json == plain.json


@pytest.mark.parametrize(
    ("path", "marker"),
    [
        ("/servers", SERVER),
        ("/servers/detail", SERVER),
        ("/os-migrations", MIGRATION),
        ("/os-keypairs", "hidden-pair"),
        ("/os-simple-tenant-usage/p2", SERVER),
    ],
)
def test_no_marker_tells_of_another_project(
    path: str, marker: str, filled_api: ComputeAPI
) -> None:
    caller = "bob:p2:manager,member,reader"
    there, absent = (
        filled_api("GET", f"{path}?marker={one}", as_=caller, version="2.96")
        for one in (marker, NOTHING)
    )
    assert there.status == absent.status == 400
    assert there.text.replace(marker, NOTHING) == absent.text


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_key_pairs_of_others(verb: str, filled_api: ComputeAPI) -> None:
    for name in ("hidden-pair", "nothing"):
        url = f"/os-keypairs/{name}?user_id=alice"
        for caller in ("nobody", "reader", "manager", "other", "service"):
            answer = filled_api(verb, url, as_=caller, version="2.96")
            assert answer.status == 403
    url = "/os-keypairs/hidden-pair?user_id=alice"
    assert filled_api(verb, url, as_="admin", version="2.96").status < 300
    _fill(filled_api)


def test_a_group_of_another_project_takes_nobody(
    filled_api: ComputeAPI,
) -> None:
    there, absent = (
        filled_api(
            "POST",
            "/servers",
            {**_NEW, "os:scheduler_hints": {"group": group}},
            as_="other",
            version="2.96",
        )
        for group in (GROUP, NOTHING)
    )
    assert there.status == absent.status == 400
    assert there.text.replace(GROUP, NOTHING) == absent.text


def test_a_private_flavor_is_its_projects_own(filled_api: ComputeAPI) -> None:
    filled_api.add("flavor", flavorid="p", name="hidden-p", is_public=False)
    for path in ("/flavors/%s", "/flavors/%s/os-extra_specs"):
        there, absent = (
            filled_api("GET", path % ident, as_="other", version="2.96")
            for ident in ("p", "q")
        )
        assert there.status == absent.status == 404
        assert there.text.replace("Flavor p ", "Flavor q ") == absent.text
    there, absent = (
        filled_api(
            "POST",
            "/servers",
            {"server": {**_NEW["server"], "flavorRef": ident}},
            as_="other",
            version="2.96",
        )
        for ident in ("p", "q")
    )
    assert there.status == absent.status
    assert there.text.replace("Flavor p ", "Flavor q ") == absent.text
    for query in ("", "?is_public=false", "?is_public=none", "?marker=p"):
        answer = filled_api("GET", "/flavors" + query, as_="other")
        assert "hidden" not in answer.text


def test_the_extra_specs_in_a_server_have_a_rule_of_their_own(
    filled_api: ComputeAPI, tmp_path: Path
) -> None:
    def flavor() -> dict[str, Any]:
        path = f"/servers/{SERVER}"
        found = filled_api("GET", path, as_="member", version="2.47")
        return found.json["server"]["flavor"]

    assert "extra_specs" in flavor()
    file = tmp_path / "policy.yaml"
    file.write_text('"os_compute_api:servers:show:flavor-extra-specs": "!"\n')
    policy.reset()
    policy.init(str(file))
    try:
        assert "extra_specs" not in flavor()
    finally:
        policy.reset()
